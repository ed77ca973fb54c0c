"""add call to token batches"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261123030003"
down_revision = "20261123030002"
branch_labels = None
depends_on = None

TABLE = "token_batches"


def upgrade():
    op.add_column(TABLE, sa.Column("calledAt", sa.DateTime(), nullable=True))
    op.add_column(
        TABLE, sa.Column("calledFor", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(TABLE, sa.Column("calledCodes", postgresql.JSONB(), nullable=True))
    op.add_column(TABLE, sa.Column("waitsUntil", sa.DateTime(), nullable=True))
    op.add_column(
        TABLE, sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_check_constraint(
        op.f("token_batches_calledFor_check"), TABLE, '("calledAt" IS NULL) = ("calledFor" = 0)'
    )
    op.create_index(
        "token_batches_called_idx",
        TABLE,
        ["hotspotId"],
        postgresql_where=sa.text('"calledAt" IS NOT NULL'),
    )


def downgrade():
    op.drop_index("token_batches_called_idx", TABLE)
    for column in ("failures", "waitsUntil", "calledCodes", "calledFor", "calledAt"):
        op.drop_column(TABLE, column)
