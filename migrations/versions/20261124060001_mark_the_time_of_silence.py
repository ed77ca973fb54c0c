"""mark the time of silence"""

from alembic import op

revision = "20261124060001"
down_revision = "20261124050001"
branch_labels = None
depends_on = None


SIGNS_OF_LIFE = """
DROP TRIGGER rollup_marks_on_update ON wifi_token_devices;
CREATE OR REPLACE FUNCTION rollup_marks_of_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION rollup_marks_of_devices() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_token_devices
FOR EACH ROW WHEN ((OLD."wifiTokenId", OLD."macAddress")
    IS DISTINCT FROM (NEW."wifiTokenId", NEW."macAddress")
    OR NEW."lastSeen" NOT BETWEEN OLD."lastSeen" AND OLD."lastSeen" + interval '90 seconds')
EXECUTE FUNCTION rollup_marks_of_devices();
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
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON hotspots
FOR EACH ROW WHEN ((OLD."isActive", OLD."isManual", OLD."pollInterval")
    IS DISTINCT FROM (NEW."isActive", NEW."isManual", NEW."pollInterval")
    OR (NEW."lastContactAt" BETWEEN OLD."lastContactAt"
        AND OLD."lastContactAt" + interval '3 minutes') IS NOT TRUE
    AND OLD."lastContactAt" IS DISTINCT FROM NEW."lastContactAt")
EXECUTE FUNCTION rollup_marks_of_hotspots();
"""

NO_SIGNS = """
DROP TRIGGER rollup_marks_on_update ON hotspots;
DROP FUNCTION rollup_marks_of_hotspots;
DROP TRIGGER rollup_marks_on_update ON wifi_token_devices;
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
CREATE OR REPLACE FUNCTION rollup_marks_of_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT "businessId" FROM wifi_tokens
        WHERE id IN (OLD."wifiTokenId", NEW."wifiTokenId");
    ELSE
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT t."businessId"
        FROM changed d JOIN wifi_tokens t ON t.id = d."wifiTokenId";
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_token_devices
FOR EACH ROW WHEN ((OLD."wifiTokenId", OLD."macAddress")
    IS DISTINCT FROM (NEW."wifiTokenId", NEW."macAddress"))
EXECUTE FUNCTION rollup_marks_of_devices();
"""


def upgrade():
    op.execute(SIGNS_OF_LIFE)


def downgrade():
    op.execute(NO_SIGNS)
