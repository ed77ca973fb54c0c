"""add polling to hotspots"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031001"
down_revision = "20261123030021"
branch_labels = None
depends_on = None


def upgrade():
    for name in ("foreignTokens", "strangers", "failures"):
        number = sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
        op.add_column("hotspots", number)
    for name in ("polledAt", "nextPollAt"):
        op.add_column("hotspots", sa.Column(name, sa.DateTime(), nullable=True))


def downgrade():
    for name in ("nextPollAt", "polledAt", "failures", "strangers", "foreignTokens"):
        op.drop_column("hotspots", name)
