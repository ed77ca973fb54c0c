"""add is manual to hotspots"""

import sqlalchemy as sa
from alembic import op

revision = "20261122220501"
down_revision = "20261122213001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "hotspots",
        sa.Column("isManual", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade():
    op.drop_column("hotspots", "isManual")
