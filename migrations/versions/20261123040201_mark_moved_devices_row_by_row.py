"""mark moved devices row by row"""

from alembic import op

revision = "20261123040201"
down_revision = "20261123040100"
branch_labels = None
depends_on = None


ROWS = """
DROP TRIGGER rollup_marks_on_update ON wifi_token_devices;
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

TABLES = """
DROP TRIGGER rollup_marks_on_update ON wifi_token_devices;
CREATE OR REPLACE FUNCTION rollup_marks_of_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT t."businessId"
        FROM before b JOIN after a USING (id)
        JOIN wifi_tokens t ON t.id IN (b."wifiTokenId", a."wifiTokenId")
        WHERE (b."wifiTokenId", b."macAddress")
            IS DISTINCT FROM (a."wifiTokenId", a."macAddress");
    ELSE
        INSERT INTO rollup_marks ("businessId")
        SELECT DISTINCT t."businessId"
        FROM changed d JOIN wifi_tokens t ON t.id = d."wifiTokenId";
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rollup_marks_on_update AFTER UPDATE ON wifi_token_devices
REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION rollup_marks_of_devices();
"""


def upgrade():
    # each poll updates devices, and next to none of them moves to another token
    op.execute(ROWS)


def downgrade():
    op.execute(TABLES)
