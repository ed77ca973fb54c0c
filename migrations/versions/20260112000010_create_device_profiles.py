"""create device profiles"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000010"
down_revision = "20260112000009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "device_profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("macAddress", sa.String(length=17), nullable=False),
        sa.Column("hostname", sa.Text(), nullable=True),
        sa.Column("deviceType", sa.String(length=40), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"macAddress\" ~ '^([0-9A-F]{2}:){5}[0-9A-F]{2}$'",
            name=op.f("device_profiles_macAddress_check"),
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("device_profiles_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("device_profiles_pkey")),
        sa.UniqueConstraint(
            "businessId", "macAddress", name=op.f("device_profiles_businessId_macAddress_key")
        ),
    )


def downgrade():
    op.drop_table("device_profiles")
