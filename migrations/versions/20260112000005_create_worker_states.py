"""create worker states"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000005"
down_revision = "20260112000004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "worker_states",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("startedAt", sa.DateTime(), nullable=False),
        sa.Column("lastRunAt", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("worker_states_pkey")),
    )


def downgrade():
    op.drop_table("worker_states")
