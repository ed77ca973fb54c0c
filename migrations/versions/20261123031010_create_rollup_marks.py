"""create rollup marks"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031010"
down_revision = "20261123031005"
branch_labels = None
depends_on = None


TABLE = "rollup_marks"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column(
            "id", sa.Text(), server_default=sa.text("(gen_random_uuid())::text"), nullable=False
        ),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("startsAt", sa.DateTime(), nullable=True),
        sa.Column("endsAt", sa.DateTime(), nullable=True),
        sa.Column("macAddress", sa.String(length=17), nullable=True),
        sa.CheckConstraint('"startsAt" < "endsAt"', name=op.f("rollup_marks_endsAt_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("rollup_marks_pkey")),
    )


def downgrade():
    op.drop_table(TABLE)
