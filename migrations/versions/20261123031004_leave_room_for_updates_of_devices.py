"""leave room for updates of devices"""

from alembic import op

revision = "20261123031004"
down_revision = "20261123031003"
branch_labels = None
depends_on = None


TABLES = ("wifi_token_devices", "device_sessions")


def upgrade():
    # rows written before keep their places; those that still change move by themselves
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 80)")


def downgrade():
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
