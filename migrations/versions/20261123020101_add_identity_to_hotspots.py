"""add identity to hotspots"""

import sqlalchemy as sa
from alembic import op

revision = "20261123020101"
down_revision = "20261123020002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("hotspots", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.add_column("hotspots", sa.Column("model", sa.Text(), nullable=True))
    op.add_column("hotspots", sa.Column("maxTokens", sa.Integer(), nullable=True))
    op.add_column("hotspots", sa.Column("bootedAt", sa.DateTime(), nullable=True))


def downgrade():
    op.drop_column("hotspots", "bootedAt")
    op.drop_column("hotspots", "maxTokens")
    op.drop_column("hotspots", "model")
    op.drop_column("hotspots", "fingerprint")
