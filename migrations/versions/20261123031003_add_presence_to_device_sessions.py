"""add presence to device sessions"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031003"
down_revision = "20261123031002"
branch_labels = None
depends_on = None


TABLE = "device_sessions"


def upgrade():
    for column in (
        sa.Column("hotspotId", sa.Text(), nullable=True),
        sa.Column("ipv6", sa.String(length=45), nullable=True),
        sa.Column("ssid", sa.String(length=32), nullable=True),
        sa.Column("accessPoint", sa.Text(), nullable=True),
        sa.Column("signal", sa.Integer(), nullable=True),
        sa.Column("counterDown", sa.BigInteger(), nullable=True),
        sa.Column("counterUp", sa.BigInteger(), nullable=True),
    ):
        op.add_column(TABLE, column)
    op.create_foreign_key(
        op.f("device_sessions_hotspotId_fkey"),
        TABLE,
        "hotspots",
        ["hotspotId"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index(
        "device_sessions_hotspotId_open_idx",
        TABLE,
        ["hotspotId"],
        postgresql_where=sa.text('"endedAt" IS NULL'),
    )


def downgrade():
    for name in ("counterUp", "counterDown", "signal", "accessPoint", "ssid", "ipv6", "hotspotId"):
        op.drop_column(TABLE, name)
