"""create hotspots"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000007"
down_revision = "20260112000006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "hotspots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("secretEncrypted", sa.Text(), nullable=True),
        sa.Column("serial", sa.Text(), nullable=True),
        sa.Column("firmware", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), server_default="NEW", nullable=False),
        sa.Column("lastContactAt", sa.DateTime(), nullable=True),
        sa.Column("lastError", sa.Text(), nullable=True),
        sa.Column("clockOffset", sa.Integer(), nullable=True),
        sa.Column("freeSlots", sa.Integer(), nullable=True),
        sa.Column("pollInterval", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("isActive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"status\" IN ('NEW', 'OK', 'SILENT', 'REFUSED')", name=op.f("hotspots_status_check")
        ),
        sa.CheckConstraint("\"system\" IN ('ESP32', 'R710')", name=op.f("hotspots_system_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("hotspots_pkey")),
    )
    op.create_table(
        "hotspot_businesses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("ssid", sa.String(length=32), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("hotspot_businesses_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("hotspot_businesses_hotspotId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hotspot_businesses_pkey")),
        sa.UniqueConstraint(
            "hotspotId", "businessId", name=op.f("hotspot_businesses_hotspotId_businessId_key")
        ),
    )
    op.create_index(
        op.f("hotspot_businesses_businessId_idx"),
        "hotspot_businesses",
        ["businessId"],
        unique=False,
    )


def downgrade():
    op.drop_table("hotspot_businesses")
    op.drop_table("hotspots")
