"""create device sessions"""

import sqlalchemy as sa
from alembic import op

revision = "20261122200001"
down_revision = "20261122200000"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "device_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wifiTokenDeviceId", sa.Text(), nullable=False),
        sa.Column("startedAt", sa.DateTime(), nullable=False),
        sa.Column("endedAt", sa.DateTime(), nullable=True),
        sa.Column("endReason", sa.String(length=20), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("bytesDown", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytesUp", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"endReason\" IN ('LEFT', 'TIMED_OUT', 'HOTSPOT_RESTARTED', 'EXPIRED', 'BLOCKED')",
            name=op.f("device_sessions_endReason_check"),
        ),
        sa.CheckConstraint('"endedAt" >= "startedAt"', name=op.f("device_sessions_endedAt_check")),
        sa.CheckConstraint(
            '("endedAt" IS NULL) = ("endReason" IS NULL)', name=op.f("device_sessions_ended_check")
        ),
        sa.ForeignKeyConstraint(
            ["wifiTokenDeviceId"],
            ["wifi_token_devices.id"],
            name=op.f("device_sessions_wifiTokenDeviceId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("device_sessions_pkey")),
    )
    op.create_index(
        op.f("device_sessions_startedAt_idx"), "device_sessions", ["startedAt"], unique=False
    )
    op.create_index(
        op.f("device_sessions_wifiTokenDeviceId_idx"),
        "device_sessions",
        ["wifiTokenDeviceId"],
        unique=False,
    )
    op.create_index(
        "device_sessions_wifiTokenDeviceId_open_key",
        "device_sessions",
        ["wifiTokenDeviceId"],
        unique=True,
        postgresql_where=sa.text('"endedAt" IS NULL'),
    )


def downgrade():
    op.drop_table("device_sessions")
