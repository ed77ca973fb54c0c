"""mark tokens and sessions row by row"""

from alembic import op

revision = "20261124040001"
down_revision = "20261124010001"
branch_labels = None
depends_on = None


ROWS = """
DROP TRIGGER rollup_marks_on_update ON wifi_tokens;
CREATE OR REPLACE FUNCTION rollup_marks_of_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_tokens
FOR EACH ROW WHEN ((OLD."businessId", OLD.system, OLD."createdAt", OLD."firstUsedAt",
    CASE WHEN OLD.status = 'EXPIRED'
        THEN coalesce(OLD."endedAt", OLD."expiresAt", OLD."redeemBy") END)
    IS DISTINCT FROM (NEW."businessId", NEW.system, NEW."createdAt", NEW."firstUsedAt",
    CASE WHEN NEW.status = 'EXPIRED'
        THEN coalesce(NEW."endedAt", NEW."expiresAt", NEW."redeemBy") END))
EXECUTE FUNCTION rollup_marks_of_tokens();
DROP TRIGGER rollup_marks_on_update ON device_sessions;
CREATE OR REPLACE FUNCTION rollup_marks_of_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT t."businessId", date_trunc('hour', s.since),
               date_trunc('hour', s.until) + interval '1 hour'
        FROM (
            SELECT NEW."wifiTokenDeviceId",
                   least(coalesce(OLD."endedAt", 'infinity'), coalesce(NEW."endedAt", 'infinity')),
                   CASE WHEN OLD."endedAt" IS NOT NULL AND NEW."endedAt" IS NOT NULL
                        THEN greatest(OLD."endedAt", NEW."endedAt") END
            WHERE (OLD."wifiTokenDeviceId", OLD."startedAt")
                = (NEW."wifiTokenDeviceId", NEW."startedAt")
            UNION ALL
            SELECT device, start, stop
            FROM (VALUES
                (OLD."wifiTokenDeviceId", OLD."startedAt", OLD."endedAt"),
                (NEW."wifiTokenDeviceId", NEW."startedAt", NEW."endedAt")
            ) AS both_rows (device, start, stop)
            WHERE (OLD."wifiTokenDeviceId", OLD."startedAt")
                <> (NEW."wifiTokenDeviceId", NEW."startedAt")
        ) AS s (device, since, until)
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
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON device_sessions
FOR EACH ROW WHEN ((OLD."wifiTokenDeviceId", OLD."startedAt", OLD."endedAt")
    IS DISTINCT FROM (NEW."wifiTokenDeviceId", NEW."startedAt", NEW."endedAt"))
EXECUTE FUNCTION rollup_marks_of_sessions();
CREATE OR REPLACE FUNCTION rollup_marks_of_usage() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""

TABLES = """
DROP TRIGGER rollup_marks_on_update ON wifi_tokens;
CREATE OR REPLACE FUNCTION rollup_marks_of_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT unnest(ARRAY[b."businessId", a."businessId"])
        FROM before b JOIN after a USING (id)
        WHERE (b."businessId", b.system) IS DISTINCT FROM (a."businessId", a.system);
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT a."businessId", at AS since, at AS until
                FROM before b JOIN after a USING (id)
                CROSS JOIN LATERAL (VALUES
                    (b."createdAt", a."createdAt"),
                    (b."firstUsedAt", a."firstUsedAt"),
                    (CASE WHEN b.status = 'EXPIRED'
                            THEN coalesce(b."endedAt", b."expiresAt", b."redeemBy") END,
                     CASE WHEN a.status = 'EXPIRED'
                            THEN coalesce(a."endedAt", a."expiresAt", a."redeemBy") END)
                ) AS moments (was, becomes)
                CROSS JOIN unnest(ARRAY[was, becomes]) AS at
                WHERE was IS DISTINCT FROM becomes
            ) AS moved
            WHERE since IS NOT NULL
            GROUP BY "businessId"
        ) AS spans;
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
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_tokens
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_tokens();
DROP TRIGGER rollup_marks_on_update ON device_sessions;
CREATE OR REPLACE FUNCTION rollup_marks_of_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT t."businessId", s.since, s.until
                FROM (
                    SELECT b."wifiTokenDeviceId",
                           least(coalesce(b."endedAt", 'infinity'),
                                 coalesce(a."endedAt", 'infinity')) AS since,
                           CASE WHEN b."endedAt" IS NOT NULL AND a."endedAt" IS NOT NULL
                                THEN greatest(b."endedAt", a."endedAt") END AS until
                    FROM before b JOIN after a USING (id, "wifiTokenDeviceId", "startedAt")
                    WHERE b."endedAt" IS DISTINCT FROM a."endedAt"
                    UNION ALL
                    SELECT device, start, stop
                    FROM before b JOIN after a USING (id)
                    CROSS JOIN LATERAL (VALUES
                        (b."wifiTokenDeviceId", b."startedAt", b."endedAt"),
                        (a."wifiTokenDeviceId", a."startedAt", a."endedAt")
                    ) AS both_rows (device, start, stop)
                    WHERE (b."wifiTokenDeviceId", b."startedAt")
                        IS DISTINCT FROM (a."wifiTokenDeviceId", a."startedAt")
                ) AS s
                JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
                JOIN wifi_tokens t ON t.id = d."wifiTokenId"
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
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON device_sessions
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_sessions();
CREATE OR REPLACE FUNCTION rollup_marks_of_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt")
        SELECT "businessId", lower(span), upper(span) FROM (
            SELECT "businessId", unnest(range_agg(tsrange(
                date_trunc('hour', since), date_trunc('hour', until) + interval '1 hour'))) AS span
            FROM (
                SELECT t."businessId", u."startsAt" AS since, u."startsAt" AS until
                FROM (
                    (TABLE before EXCEPT ALL TABLE after)
                    UNION ALL
                    (TABLE after EXCEPT ALL TABLE before)
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
"""


def upgrade():
    # each poll updates them, and next to none in what a roll-up reads; volumes it always changes
    op.execute(ROWS)


def downgrade():
    op.execute(TABLES)
