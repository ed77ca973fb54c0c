"""create device blocks"""

import sqlalchemy as sa
from alembic import op

revision = "20261123030002"
down_revision = "20261123030001"
branch_labels = None
depends_on = None

TABLE = "device_blocks"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("macAddress", sa.String(length=17), nullable=False),
        sa.Column("reason", sa.String(length=31), nullable=False),
        sa.Column("blockedBy", sa.Text(), nullable=False),
        sa.Column("blockedAt", sa.DateTime(), nullable=False),
        sa.Column("unblockedBy", sa.Text(), nullable=True),
        sa.Column("unblockedAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"macAddress\" ~ '^([0-9A-F]{2}:){5}[0-9A-F]{2}$'",
            name=op.f("device_blocks_macAddress_check"),
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("device_blocks_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("device_blocks_hotspotId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("device_blocks_pkey")),
    )
    op.create_index(op.f("device_blocks_businessId_idx"), TABLE, ["businessId"])
    op.create_index(op.f("device_blocks_macAddress_idx"), TABLE, ["macAddress"])
    op.create_index(
        "device_blocks_hotspotId_macAddress_live_key",
        TABLE,
        ["hotspotId", "macAddress"],
        unique=True,
        postgresql_where=sa.text('"unblockedAt" IS NULL'),
    )


def downgrade():
    op.drop_table(TABLE)
