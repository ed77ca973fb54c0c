"""create backup reports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122224003"
down_revision = "20261122224002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "backup_reports",
        sa.Column("backupId", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), server_default="", nullable=False),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["backupId"],
            ["backups.id"],
            name=op.f("backup_reports_backupId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("backupId", name=op.f("backup_reports_pkey")),
    )


def downgrade():
    op.drop_table("backup_reports")
