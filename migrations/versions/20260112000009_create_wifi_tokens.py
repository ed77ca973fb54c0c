"""create wifi tokens"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000009"
down_revision = "20260112000008"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "wifi_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("tokenConfigId", sa.Text(), nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("deviceName", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), server_default="UNUSED", nullable=False),
        sa.Column("planName", sa.Text(), nullable=False),
        sa.Column("durationMinutes", sa.Integer(), nullable=False),
        sa.Column("downloadMb", sa.Integer(), nullable=True),
        sa.Column("uploadMb", sa.Integer(), nullable=True),
        sa.Column("deviceLimit", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("redeemBy", sa.DateTime(), nullable=True),
        sa.Column("expiresAt", sa.DateTime(), nullable=True),
        sa.Column("firstUsedAt", sa.DateTime(), nullable=True),
        sa.Column(
            "usedDownMb",
            sa.Numeric(precision=14, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "usedUpMb",
            sa.Numeric(precision=14, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("lastSyncAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint('"price" >= 0', name=op.f("wifi_tokens_price_check")),
        sa.CheckConstraint(
            "\"status\" IN ('UNUSED', 'SOLD', 'ACTIVE', 'EXPIRED', 'DISABLED')",
            name=op.f("wifi_tokens_status_check"),
        ),
        sa.CheckConstraint(
            "\"system\" IN ('ESP32', 'R710')", name=op.f("wifi_tokens_system_check")
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("wifi_tokens_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("wifi_tokens_hotspotId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tokenConfigId"],
            ["token_configurations.id"],
            name=op.f("wifi_tokens_tokenConfigId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("wifi_tokens_pkey")),
        sa.UniqueConstraint("hotspotId", "token", name=op.f("wifi_tokens_hotspotId_token_key")),
    )
    op.create_index(
        "wifi_tokens_businessId_status_idx", "wifi_tokens", ["businessId", "status"], unique=False
    )
    op.create_index(
        op.f("wifi_tokens_tokenConfigId_idx"), "wifi_tokens", ["tokenConfigId"], unique=False
    )
    op.create_index(
        "wifi_tokens_token_idx",
        "wifi_tokens",
        ["token"],
        unique=False,
        postgresql_ops={"token": "text_pattern_ops"},
    )


def downgrade():
    op.drop_table("wifi_tokens")
