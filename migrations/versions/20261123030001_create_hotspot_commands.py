"""create hotspot commands"""

import sqlalchemy as sa
from alembic import op

revision = "20261123030001"
down_revision = "20261123030000"
branch_labels = None
depends_on = None

TABLE = "hotspot_commands"
PENDING = sa.text("status = 'PENDING'")


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("wifiTokenId", sa.Text(), nullable=True),
        sa.Column("macAddress", sa.String(length=17), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="PENDING", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("calledAt", sa.DateTime(), nullable=True),
        sa.Column("nextTryAt", sa.DateTime(), nullable=True),
        sa.Column("finishedAt", sa.DateTime(), nullable=True),
        sa.Column("createdBy", sa.Text(), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"kind\" IN ('DISABLE', 'EXPIRE', 'EXTEND', 'BLOCK', 'UNBLOCK')",
            name=op.f("hotspot_commands_kind_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('PENDING', 'DONE', 'FAILED', 'CANCELLED')",
            name=op.f("hotspot_commands_status_check"),
        ),
        sa.CheckConstraint(
            "\"macAddress\" ~ '^([0-9A-F]{2}:){5}[0-9A-F]{2}$'",
            name=op.f("hotspot_commands_macAddress_check"),
        ),
        sa.CheckConstraint('"attempts" >= 0', name=op.f("hotspot_commands_attempts_check")),
        sa.CheckConstraint(
            'num_nonnulls("wifiTokenId", "macAddress") = 1',
            name=op.f("hotspot_commands_target_check"),
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("hotspot_commands_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("hotspot_commands_hotspotId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wifiTokenId"],
            ["wifi_tokens.id"],
            name=op.f("hotspot_commands_wifiTokenId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hotspot_commands_pkey")),
    )
    op.create_index(op.f("hotspot_commands_businessId_idx"), TABLE, ["businessId"])
    op.create_index(op.f("hotspot_commands_hotspotId_idx"), TABLE, ["hotspotId"])
    op.create_index(op.f("hotspot_commands_wifiTokenId_idx"), TABLE, ["wifiTokenId"])
    op.create_index("hotspot_commands_createdAt_idx", TABLE, ["createdAt", "id"])
    op.create_index(
        "hotspot_commands_pending_idx",
        TABLE,
        ["hotspotId", "createdAt", "id"],
        postgresql_where=PENDING,
    )
    op.create_index(
        "hotspot_commands_wifiTokenId_pending_key",
        TABLE,
        ["wifiTokenId"],
        unique=True,
        postgresql_where=PENDING,
    )
    op.create_index(
        "hotspot_commands_macAddress_pending_key",
        TABLE,
        ["hotspotId", "macAddress"],
        unique=True,
        postgresql_where=PENDING,
    )


def downgrade():
    op.drop_table(TABLE)
