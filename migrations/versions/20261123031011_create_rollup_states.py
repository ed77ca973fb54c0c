"""create rollup states"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031011"
down_revision = "20261123031010"
branch_labels = None
depends_on = None


TABLE = "rollup_states"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("isDemo", sa.Boolean(), nullable=False),
        sa.Column("rolledUpTo", sa.DateTime(), nullable=False),
        sa.Column("sessionsFrom", sa.DateTime(), nullable=True),
        sa.Column("periodsFrom", sa.DateTime(), nullable=True),
        sa.CheckConstraint(
            '"periodsFrom" <= "sessionsFrom"', name=op.f("rollup_states_periodsFrom_check")
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("rollup_states_businessId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("rollup_states_pkey")),
        sa.UniqueConstraint(
            "businessId",
            name=op.f("rollup_states_businessId_key"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def downgrade():
    op.drop_table(TABLE)
