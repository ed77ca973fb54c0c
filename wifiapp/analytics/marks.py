"""What leaves a mark: the triggers that note what has to be rolled up again.

Whoever changes a row that a measure reads appends marks in the same transaction: the hours of UTC
that the row belonged to before, and those it belongs to now. Marks have no key that two sales
could wait for. A roll-up deletes the marks that it sees, then counts; what commits later brings a
mark of its own.

A mark without an end lasts until now: so do open sessions, unless nobody has told of them lately.
Those last until the last sign of life, so a device that is seen again after a while marks the time
between, as does a hotspot that speaks again or is asked otherwise. One with a MAC address means the
sessions of that device, looked up when it is rolled up. One without a start means all the time of
the business: that is for changes which no page makes (a token of another business, the deletion of
a device). One that `isInDays` was left by a roll-up of hours and days, for the weeks and months
that wait.

Each poll updates its tokens, devices and sessions, and hardly any of them in what a measure
reads: so those triggers ask row by row, which costs next to nothing; tables of what was and is
would cost more than the poll. Volumes do grow with each poll: their hours are marked, compared
or not.
"""

MARKS = """
CREATE FUNCTION rollup_marks_of_sales() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT unnest(ARRAY[b."businessId", a."businessId"]) AS "businessId",
                       at AS since, at AS until
                FROM before b JOIN after a USING (id)
                CROSS JOIN unnest(
                    ARRAY[b."soldAt", a."soldAt", b."voidedAt", a."voidedAt"]) AS at
                WHERE (b."businessId", b."wifiTokenId", b."saleAmount", b."soldAt", b."voidedAt")
                    IS DISTINCT FROM
                    (a."businessId", a."wifiTokenId", a."saleAmount", a."soldAt", a."voidedAt")
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
    ELSE
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT "businessId", at AS since, at AS until
                FROM changed CROSS JOIN unnest(ARRAY["soldAt", "voidedAt"]) AS at
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION rollup_marks_of_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT unnest(ARRAY[OLD."businessId", NEW."businessId"])
        WHERE (OLD."businessId", OLD.system) IS DISTINCT FROM (NEW."businessId", NEW.system);
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT DISTINCT NEW."businessId", hour, hour + interval '1 hour'
        FROM (VALUES
            (OLD."createdAt", NEW."createdAt"),
            (OLD."firstUsedAt", NEW."firstUsedAt"),
            (CASE WHEN OLD.status = 'EXPIRED'
                THEN coalesce(OLD."endedAt", OLD."expiresAt", OLD."redeemBy") END,
             CASE WHEN NEW.status = 'EXPIRED'
                THEN coalesce(NEW."endedAt", NEW."expiresAt", NEW."redeemBy") END)
        ) AS moments (was, becomes)
        CROSS JOIN unnest(ARRAY[was, becomes]) AS at
        CROSS JOIN date_trunc('hour', at) AS hour
        WHERE was IS DISTINCT FROM becomes AND at IS NOT NULL;
    ELSE
        IF TG_OP = 'DELETE' THEN  -- and with it all that hangs on the tokens
            INSERT INTO rollup_marks ("businessId") SELECT DISTINCT "businessId" FROM changed;
            RETURN NULL;
        END IF;
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT "businessId", at AS since, at AS until
                FROM changed AS c CROSS JOIN unnest(ARRAY[c."createdAt", c."firstUsedAt",
                       CASE WHEN c.status = 'EXPIRED'
                            THEN coalesce(c."endedAt", c."expiresAt", c."redeemBy") END]) AS at
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION rollup_marks_of_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT t."businessId", date_trunc('hour', greatest(s.start, least(s.since, d."lastSeen"))),
               date_trunc('hour', s.until) + interval '1 hour'
        FROM (
            SELECT NEW."wifiTokenDeviceId", NEW."startedAt",
                   least(coalesce(OLD."endedAt", 'infinity'), coalesce(NEW."endedAt", 'infinity')),
                   CASE WHEN OLD."endedAt" IS NOT NULL AND NEW."endedAt" IS NOT NULL
                        THEN greatest(OLD."endedAt", NEW."endedAt") END
            WHERE (OLD."wifiTokenDeviceId", OLD."startedAt")
                = (NEW."wifiTokenDeviceId", NEW."startedAt")
            UNION ALL
            SELECT device, start, start, stop
            FROM (VALUES
                (OLD."wifiTokenDeviceId", OLD."startedAt", OLD."endedAt"),
                (NEW."wifiTokenDeviceId", NEW."startedAt", NEW."endedAt")
            ) AS both_rows (device, start, stop)
            WHERE (OLD."wifiTokenDeviceId", OLD."startedAt")
                <> (NEW."wifiTokenDeviceId", NEW."startedAt")
        ) AS s (device, start, since, until)
        JOIN wifi_token_devices d ON d.id = s.device
        JOIN wifi_tokens t ON t.id = d."wifiTokenId";
    ELSE
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT t."businessId", s."startedAt" AS since, s."endedAt" AS until
                FROM changed s
                JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
                JOIN wifi_tokens t ON t.id = d."wifiTokenId"
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION rollup_marks_of_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT DISTINCT t."businessId", u."startsAt" AS since, u."startsAt" AS until
                FROM (
                    SELECT "wifiTokenId", "startsAt" FROM before
                    UNION
                    SELECT "wifiTokenId", "startsAt" FROM after
                ) AS u JOIN wifi_tokens t ON t.id = u."wifiTokenId"
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
    ELSE
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT t."businessId", u."startsAt" AS since, u."startsAt" AS until
                FROM changed u JOIN wifi_tokens t ON t.id = u."wifiTokenId"
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION rollup_marks_of_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT "businessId" FROM wifi_tokens
        WHERE id IN (OLD."wifiTokenId", NEW."wifiTokenId")
            AND (OLD."wifiTokenId", OLD."macAddress")
                IS DISTINCT FROM (NEW."wifiTokenId", NEW."macAddress");
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", date_trunc('hour', least(OLD."lastSeen", NEW."lastSeen")),
               date_trunc('hour', greatest(OLD."lastSeen", NEW."lastSeen")) + interval '1 hour'
        FROM wifi_tokens
        WHERE id = NEW."wifiTokenId" AND OLD."lastSeen" <> NEW."lastSeen" AND EXISTS (
            SELECT FROM device_sessions
            WHERE "wifiTokenDeviceId" = NEW.id AND "endedAt" IS NULL);
    ELSE
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT t."businessId"
        FROM changed d JOIN wifi_tokens t ON t.id = d."wifiTokenId";
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION rollup_marks_of_hotspots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_marks ("businessId", "startsAt")
    SELECT t."businessId", date_trunc('hour', min(greatest(s."startedAt", d."lastSeen")))
    FROM device_sessions s JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
    JOIN wifi_tokens t ON t.id = d."wifiTokenId"
    WHERE s."endedAt" IS NULL AND t."hotspotId" = NEW.id
    GROUP BY 1;
    RETURN NULL;
END $$;
CREATE FUNCTION rollup_marks_of_profiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "macAddress")
        SELECT business, mac
        FROM before b JOIN after a USING (id)
        CROSS JOIN LATERAL (VALUES
            (b."businessId", b."macAddress"), (a."businessId", a."macAddress")
        ) AS both_rows (business, mac)
        WHERE (b."businessId", b."macAddress", b."deviceType")
            IS DISTINCT FROM (a."businessId", a."macAddress", a."deviceType");
    ELSE
        INSERT INTO rollup_marks ("businessId", "macAddress")
        SELECT "businessId", "macAddress" FROM changed WHERE "deviceType" IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rollup_marks_on_insert AFTER INSERT ON wifi_token_sales
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_sales();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_token_sales
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_sales();
CREATE TRIGGER rollup_marks_on_delete AFTER DELETE ON wifi_token_sales
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_sales();
CREATE TRIGGER rollup_marks_on_insert AFTER INSERT ON wifi_tokens
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_tokens();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_tokens
FOR EACH ROW WHEN ((OLD."businessId", OLD.system, OLD."createdAt", OLD."firstUsedAt",
    CASE WHEN OLD.status = 'EXPIRED'
        THEN coalesce(OLD."endedAt", OLD."expiresAt", OLD."redeemBy") END)
    IS DISTINCT FROM (NEW."businessId", NEW.system, NEW."createdAt", NEW."firstUsedAt",
    CASE WHEN NEW.status = 'EXPIRED'
        THEN coalesce(NEW."endedAt", NEW."expiresAt", NEW."redeemBy") END))
EXECUTE FUNCTION rollup_marks_of_tokens();
CREATE TRIGGER rollup_marks_on_delete AFTER DELETE ON wifi_tokens
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_tokens();
CREATE TRIGGER rollup_marks_on_insert AFTER INSERT ON device_sessions
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_sessions();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON device_sessions
FOR EACH ROW WHEN ((OLD."wifiTokenDeviceId", OLD."startedAt", OLD."endedAt")
    IS DISTINCT FROM (NEW."wifiTokenDeviceId", NEW."startedAt", NEW."endedAt"))
EXECUTE FUNCTION rollup_marks_of_sessions();
CREATE TRIGGER rollup_marks_on_delete AFTER DELETE ON device_sessions
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_sessions();
CREATE TRIGGER rollup_marks_on_insert AFTER INSERT ON token_usage
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_usage();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON token_usage
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_usage();
CREATE TRIGGER rollup_marks_on_delete AFTER DELETE ON token_usage
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_usage();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_token_devices
FOR EACH ROW WHEN ((OLD."wifiTokenId", OLD."macAddress")
    IS DISTINCT FROM (NEW."wifiTokenId", NEW."macAddress")
    OR NEW."lastSeen" NOT BETWEEN OLD."lastSeen" AND OLD."lastSeen" + interval '90 seconds')
EXECUTE FUNCTION rollup_marks_of_devices();
CREATE TRIGGER rollup_marks_on_delete AFTER DELETE ON wifi_token_devices
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_devices();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON hotspots
FOR EACH ROW WHEN ((OLD."isActive", OLD."isManual", OLD."pollInterval")
    IS DISTINCT FROM (NEW."isActive", NEW."isManual", NEW."pollInterval")
    OR (NEW."lastContactAt" BETWEEN OLD."lastContactAt"
        AND OLD."lastContactAt" + interval '3 minutes') IS NOT TRUE
    AND OLD."lastContactAt" IS DISTINCT FROM NEW."lastContactAt")
EXECUTE FUNCTION rollup_marks_of_hotspots();
CREATE TRIGGER rollup_marks_on_insert AFTER INSERT ON device_profiles
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_profiles();
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON device_profiles
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_profiles();
CREATE TRIGGER rollup_marks_on_delete AFTER DELETE ON device_profiles
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_profiles();
"""
