"""create restores"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122225000"
down_revision = "20261122224502"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "restores",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="QUEUED", nullable=False),
        sa.Column("startedBy", sa.String(length=10), nullable=False),
        sa.Column("createdBy", sa.Text(), nullable=False),
        sa.Column("userId", sa.Text(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("backupId", sa.Text(), nullable=True),
        sa.Column("safetyBackupId", sa.Text(), nullable=True),
        sa.Column("fileName", sa.Text(), nullable=False),
        sa.Column("isUploaded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("rowCount", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=True),
        sa.Column("madeAt", sa.DateTime(), nullable=True),
        sa.Column("preview", postgresql.JSONB(), nullable=True),
        sa.Column("outcome", postgresql.JSONB(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("stageTable", sa.Text(), nullable=True),
        sa.Column("rowsDone", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rowsExpected", sa.BigInteger(), nullable=True),
        sa.Column("bytesDone", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Numeric(12, 3), nullable=True),
        sa.Column("lockMilliseconds", sa.Numeric(12, 3), nullable=True),
        sa.Column("keptAs", sa.Text(), nullable=True),
        sa.Column("undoUntil", sa.DateTime(), nullable=True),
        sa.Column("undoneAt", sa.DateTime(), nullable=True),
        sa.Column("undoneBy", sa.Text(), nullable=True),
        sa.Column("startedAt", sa.DateTime(), nullable=True),
        sa.Column("confirmedAt", sa.DateTime(), nullable=True),
        sa.Column("finishedAt", sa.DateTime(), nullable=True),
        sa.Column("cancelRequestedAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"startedBy\" IN ('PAGE', 'COMMAND', 'SCHEDULE', 'RESTORE')",
            name=op.f("restores_startedBy_check"),
        ),
        sa.CheckConstraint(
            "\"status\" IN ('QUEUED', 'CHECKING', 'READY', 'CONFIRMED', 'RUNNING', "
            "'RESTORED', 'UNDONE', 'FAILED', 'CANCELLED')",
            name=op.f("restores_status_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("restores_pkey")),
    )
    op.create_index("restores_createdAt_idx", "restores", ["createdAt", "id"], unique=False)


def downgrade():
    op.drop_table("restores")
