"""create wifi token devices"""

import sqlalchemy as sa
from alembic import op

revision = "20260113000002"
down_revision = "20260113000001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "wifi_token_devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("wifiTokenId", sa.Text(), nullable=False),
        sa.Column("macAddress", sa.String(length=17), nullable=False),
        sa.Column("isOnline", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("currentIp", sa.String(length=15), nullable=True),
        sa.Column("firstSeen", sa.DateTime(), nullable=False),
        sa.Column("lastSeen", sa.DateTime(), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"macAddress\" ~ '^([0-9A-F]{2}:){5}[0-9A-F]{2}$'",
            name=op.f("wifi_token_devices_macAddress_check"),
        ),
        sa.ForeignKeyConstraint(
            ["wifiTokenId"],
            ["wifi_tokens.id"],
            name=op.f("wifi_token_devices_wifiTokenId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("wifi_token_devices_pkey")),
        sa.UniqueConstraint(
            "wifiTokenId", "macAddress", name=op.f("wifi_token_devices_wifiTokenId_macAddress_key")
        ),
    )
    op.create_index(
        op.f("wifi_token_devices_isOnline_idx"), "wifi_token_devices", ["isOnline"], unique=False
    )
    op.create_index(
        op.f("wifi_token_devices_lastSeen_idx"), "wifi_token_devices", ["lastSeen"], unique=False
    )
    op.create_index(
        op.f("wifi_token_devices_macAddress_idx"),
        "wifi_token_devices",
        ["macAddress"],
        unique=False,
    )
    op.create_index(
        op.f("wifi_token_devices_wifiTokenId_idx"),
        "wifi_token_devices",
        ["wifiTokenId"],
        unique=False,
    )


def downgrade():
    op.drop_table("wifi_token_devices")
