"""create day closing sums"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225107"
down_revision = "20261122225106"
branch_labels = None
depends_on = None


TABLE = "day_closing_sums"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dayClosingId", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("isCash", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("voids", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "amount",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "fees", sa.Numeric(precision=12, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["dayClosingId"],
            ["day_closings.id"],
            name=op.f("day_closing_sums_dayClosingId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("day_closing_sums_pkey")),
        sa.UniqueConstraint(
            "dayClosingId", "method", name=op.f("day_closing_sums_dayClosingId_method_key")
        ),
    )


def downgrade():
    op.drop_table(TABLE)
