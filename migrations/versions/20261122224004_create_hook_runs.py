"""create hook runs"""

import sqlalchemy as sa
from alembic import op

revision = "20261122224004"
down_revision = "20261122224003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "hook_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("backupId", sa.Text(), nullable=False),
        sa.Column("startedAt", sa.DateTime(), nullable=True),
        sa.Column("finishedAt", sa.DateTime(), nullable=True),
        sa.Column("exitCode", sa.Integer(), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["backupId"],
            ["backups.id"],
            name=op.f("hook_runs_backupId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("hook_runs_pkey")),
    )
    op.create_index("hook_runs_backupId_idx", "hook_runs", ["backupId"])


def downgrade():
    op.drop_table("hook_runs")
