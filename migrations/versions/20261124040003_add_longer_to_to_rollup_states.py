"""add longer to to rollup states"""

import sqlalchemy as sa
from alembic import op

revision = "20261124040003"
down_revision = "20261124040002"
branch_labels = None
depends_on = None


TABLE = "rollup_states"


def upgrade():
    op.add_column(TABLE, sa.Column("longerTo", sa.DateTime(), nullable=True))
    # until now, weeks and months were rolled up with the hours
    op.execute('UPDATE rollup_states SET "longerTo" = "rolledUpTo"')
    op.alter_column(TABLE, "longerTo", nullable=False)


def downgrade():
    op.drop_column(TABLE, "longerTo")
