"""create wifi usage analytics"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20260113000004"
down_revision = "20260113000003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "wifi_usage_analytics",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("periodType", sa.String(length=10), nullable=False),
        sa.Column("periodStart", sa.DateTime(), nullable=False),
        sa.Column("periodEnd", sa.DateTime(), nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=True),
        sa.Column("uniqueDevices", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("totalConnections", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("avgConnectionDuration", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("tokensGenerated", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tokensSold", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tokensUsed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tokensExpired", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "totalRevenue",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "esp32Revenue",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "r710Revenue",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "totalBandwidthDown",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "totalBandwidthUp",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("deviceTypeStats", postgresql.JSONB(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            '"periodStart" < "periodEnd"', name=op.f("wifi_usage_analytics_periodEnd_check")
        ),
        sa.CheckConstraint(
            "\"periodType\" IN ('hour', 'day', 'week', 'month')",
            name=op.f("wifi_usage_analytics_periodType_check"),
        ),
        sa.CheckConstraint(
            "\"system\" IN ('ESP32', 'R710')", name=op.f("wifi_usage_analytics_system_check")
        ),
        sa.CheckConstraint(
            '"totalRevenue" = "esp32Revenue" + "r710Revenue"',
            name=op.f("wifi_usage_analytics_totalRevenue_check"),
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("wifi_usage_analytics_businessId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("wifi_usage_analytics_pkey")),
        sa.UniqueConstraint(
            "periodType",
            "periodStart",
            "system",
            "businessId",
            name="wifi_usage_analytics_period_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        op.f("wifi_usage_analytics_businessId_idx"),
        "wifi_usage_analytics",
        ["businessId"],
        unique=False,
    )
    op.create_index(
        op.f("wifi_usage_analytics_periodEnd_idx"),
        "wifi_usage_analytics",
        ["periodEnd"],
        unique=False,
    )
    op.create_index(
        op.f("wifi_usage_analytics_periodStart_idx"),
        "wifi_usage_analytics",
        ["periodStart"],
        unique=False,
    )
    op.create_index(
        op.f("wifi_usage_analytics_periodType_idx"),
        "wifi_usage_analytics",
        ["periodType"],
        unique=False,
    )
    op.create_index(
        op.f("wifi_usage_analytics_system_idx"), "wifi_usage_analytics", ["system"], unique=False
    )


def downgrade():
    op.drop_table("wifi_usage_analytics")
