"""let tills make tokens"""

from alembic import op

revision = "20261123030004"
down_revision = "20261123030003"
branch_labels = None
depends_on = None

TABLE = "token_batches"
CHECK = "token_batches_source_check"


def upgrade():
    op.drop_constraint(CHECK, TABLE)
    op.create_check_constraint(op.f(CHECK), TABLE, "\"source\" IN ('MADE', 'IMPORTED', 'SPOT')")


def downgrade():
    op.execute("UPDATE token_batches SET source = 'MADE' WHERE source = 'SPOT'")
    op.drop_constraint(CHECK, TABLE)
    op.create_check_constraint(op.f(CHECK), TABLE, "\"source\" IN ('MADE', 'IMPORTED')")
