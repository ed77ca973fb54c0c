"""create hotspot outages"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031002"
down_revision = "20261123031001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "hotspot_outages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("startedAt", sa.DateTime(), nullable=False),
        sa.Column("endedAt", sa.DateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint('"endedAt" >= "startedAt"', name=op.f("hotspot_outages_endedAt_check")),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("hotspot_outages_hotspotId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hotspot_outages_pkey")),
    )
    op.create_index(
        "hotspot_outages_hotspotId_startedAt_idx",
        "hotspot_outages",
        ["hotspotId", "startedAt", "id"],
    )
    op.create_index(
        "hotspot_outages_hotspotId_open_key",
        "hotspot_outages",
        ["hotspotId"],
        unique=True,
        postgresql_where=sa.text('"endedAt" IS NULL'),
    )


def downgrade():
    op.drop_table("hotspot_outages")
