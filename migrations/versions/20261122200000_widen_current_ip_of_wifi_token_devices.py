"""widen current ip of wifi token devices"""

import sqlalchemy as sa
from alembic import op

revision = "20261122200000"
down_revision = "20260113000004"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column(
        "wifi_token_devices",
        "currentIp",
        existing_type=sa.String(length=15),
        type_=sa.String(length=45),
    )


def downgrade():
    # An IPv6 address does not fit the older column: the address is forgotten, the device stays.
    op.alter_column(
        "wifi_token_devices",
        "currentIp",
        existing_type=sa.String(length=45),
        type_=sa.String(length=15),
        postgresql_using="""CASE WHEN length("currentIp") <= 15 THEN "currentIp" END""",
    )
