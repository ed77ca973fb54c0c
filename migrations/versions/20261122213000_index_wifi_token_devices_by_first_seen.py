"""index wifi token devices by first seen"""

import sqlalchemy as sa
from alembic import op

revision = "20261122213000"
down_revision = "20261122200001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("wifi_token_devices_firstSeen_idx", "wifi_token_devices", ["firstSeen", "id"])
    op.create_index(
        "wifi_token_devices_firstSeen_online_idx",
        "wifi_token_devices",
        ["firstSeen", "id"],
        postgresql_where=sa.text('"isOnline"'),
    )
    # lastSeen changes with every poll of every device online: without an index on it,
    # such an update touches no index at all.
    op.drop_index("wifi_token_devices_lastSeen_idx", "wifi_token_devices")


def downgrade():
    op.create_index("wifi_token_devices_lastSeen_idx", "wifi_token_devices", ["lastSeen"])
    op.drop_index("wifi_token_devices_firstSeen_online_idx", "wifi_token_devices")
    op.drop_index("wifi_token_devices_firstSeen_idx", "wifi_token_devices")
