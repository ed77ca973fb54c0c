"""add is in days to rollup marks"""

import sqlalchemy as sa
from alembic import op

revision = "20261124040002"
down_revision = "20261124040001"
branch_labels = None
depends_on = None


def upgrade():
    column = sa.Column("isInDays", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("rollup_marks", column)


def downgrade():
    op.drop_column("rollup_marks", "isInDays")
