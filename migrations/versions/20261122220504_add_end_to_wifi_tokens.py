"""add end to wifi tokens"""

import sqlalchemy as sa
from alembic import op

revision = "20261122220504"
down_revision = "20261122220503"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("wifi_tokens", sa.Column("endedAt", sa.DateTime(), nullable=True))
    op.add_column("wifi_tokens", sa.Column("endReason", sa.Text(), nullable=True))


def downgrade():
    op.drop_column("wifi_tokens", "endReason")
    op.drop_column("wifi_tokens", "endedAt")
