"""add log to restores"""

import sqlalchemy as sa
from alembic import op

revision = "20261123040100"
down_revision = "20261123040001"


def upgrade() -> None:
    op.add_column("restores", sa.Column("log", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("restores", "log")
