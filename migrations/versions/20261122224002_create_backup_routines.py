"""create backup routines"""

import sqlalchemy as sa
from alembic import op

revision = "20261122224002"
down_revision = "20261122224001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "backup_routines",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lastDay", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("backupId", sa.Text(), nullable=True),
        sa.Column("prunedFor", sa.Text(), nullable=True),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint('"attempts" >= 0', name=op.f("backup_routines_attempts_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("backup_routines_pkey")),
    )


def downgrade():
    op.drop_table("backup_routines")
