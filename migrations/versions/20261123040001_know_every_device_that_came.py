"""know every device that came"""

from alembic import op

revision = "20261123040001"
down_revision = "20261123031015"
branch_labels = None
depends_on = None


INDEX = "device_profiles_businessId_createdAt_idx"

# A profile is made when its business first sees the device, and says so by its time of creation.
# These profiles have no type yet, so no roll-up changes: their triggers need not run.
PROFILES = """
INSERT INTO device_profiles AS p
    (id, "businessId", "macAddress", "createdAt", "updatedAt")
SELECT gen_random_uuid()::text, t."businessId", d."macAddress",
       min(d."firstSeen"), min(d."firstSeen")
FROM wifi_token_devices d JOIN wifi_tokens t ON t.id = d."wifiTokenId"
GROUP BY t."businessId", d."macAddress"
ON CONFLICT ("businessId", "macAddress") DO UPDATE
SET "createdAt" = least(p."createdAt", excluded."createdAt")
"""


def upgrade():
    op.execute("ALTER TABLE device_profiles DISABLE TRIGGER USER")
    op.execute(PROFILES)
    op.execute("ALTER TABLE device_profiles ENABLE TRIGGER USER")
    op.create_index(INDEX, "device_profiles", ["businessId", "createdAt"])


def downgrade():
    op.drop_index(INDEX, "device_profiles")
