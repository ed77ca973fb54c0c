"""create day closings"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225106"
down_revision = "20261122225105"
branch_labels = None
depends_on = None


TABLE = "day_closings"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("startsAt", sa.DateTime(), nullable=False),
        sa.Column("endsAt", sa.DateTime(), nullable=False),
        sa.Column("expectedCash", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("countedCash", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("closedAt", sa.DateTime(), nullable=False),
        sa.Column("closedBy", sa.Text(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint('"startsAt" < "endsAt"', name=op.f("day_closings_endsAt_check")),
        sa.CheckConstraint('"number" >= 1', name=op.f("day_closings_number_check")),
        sa.CheckConstraint('"countedCash" >= 0', name=op.f("day_closings_countedCash_check")),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("day_closings_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["closedBy"], ["users.id"], name=op.f("day_closings_closedBy_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("day_closings_pkey")),
        sa.UniqueConstraint(
            "businessId", "day", "number", name=op.f("day_closings_businessId_day_number_key")
        ),
    )
    op.create_index("day_closings_businessId_endsAt_idx", TABLE, ["businessId", "endsAt", "id"])
    op.create_index("day_closings_endsAt_idx", TABLE, ["endsAt", "id"])


def downgrade():
    op.drop_table(TABLE)
