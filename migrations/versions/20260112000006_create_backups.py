"""create backups"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000006"
down_revision = "20260112000005"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "backups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="QUEUED", nullable=False),
        sa.Column("startedBy", sa.String(length=10), nullable=False),
        sa.Column("createdBy", sa.Text(), nullable=True),
        sa.Column("businessId", sa.Text(), nullable=True),
        sa.Column("businessName", sa.Text(), nullable=True),
        sa.Column("hasBusinessData", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("hasAuditLogs", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hasDemoData", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("isEncrypted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("isPinned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("fileName", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("rowCount", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("stageTable", sa.Text(), nullable=True),
        sa.Column("rowsDone", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rowsExpected", sa.BigInteger(), nullable=True),
        sa.Column("bytesDone", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("startedAt", sa.DateTime(), nullable=True),
        sa.Column("finishedAt", sa.DateTime(), nullable=True),
        sa.Column("verifiedAt", sa.DateTime(), nullable=True),
        sa.Column("cancelRequestedAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"startedBy\" IN ('PAGE', 'COMMAND', 'SCHEDULE', 'RESTORE')",
            name=op.f("backups_startedBy_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('QUEUED', 'RUNNING', 'VERIFIED', 'FAILED', 'CANCELLED')",
            name=op.f("backups_status_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("backups_pkey")),
    )
    op.create_index("backups_createdAt_idx", "backups", ["createdAt", "id"], unique=False)


def downgrade():
    op.drop_table("backups")
