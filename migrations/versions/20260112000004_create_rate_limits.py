"""create rate limits"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000004"
down_revision = "20260112000003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("windowStart", sa.DateTime(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("rate_limits_pkey")),
    )


def downgrade():
    op.drop_table("rate_limits")
