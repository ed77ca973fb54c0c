"""add printed at to wifi tokens"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225101"
down_revision = "20261122225000"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("wifi_tokens", sa.Column("printedAt", sa.DateTime(), nullable=True))


def downgrade():
    op.drop_column("wifi_tokens", "printedAt")
