"""index parts of addresses"""

import sqlalchemy as sa
from alembic import op

revision = "20261124070001"
down_revision = "20261124060001"
branch_labels = None
depends_on = None


TABLE = "wifi_token_devices"
PIECES, ADDRESS = "wifi_token_devices_macPieces_idx", "wifi_token_devices_currentIp_idx"
STARTS = (1, 4, 7, 10, 13)


def upgrade():
    pieces = ", ".join(f'substr("macAddress", {start}, 4)' for start in STARTS)
    expression = sa.text(f"(ARRAY[{pieces}])")
    op.create_index(PIECES, TABLE, [expression], postgresql_using="gin")
    ops = {"currentIp": "text_pattern_ops"}
    op.create_index(ADDRESS, TABLE, ["currentIp"], postgresql_ops=ops)


def downgrade():
    op.drop_index(ADDRESS, TABLE)
    op.drop_index(PIECES, TABLE)
