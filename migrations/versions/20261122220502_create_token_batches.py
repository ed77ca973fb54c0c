"""create token batches"""

import sqlalchemy as sa
from alembic import op

revision = "20261122220502"
down_revision = "20261122220501"
branch_labels = None
depends_on = None

TABLE = "token_batches"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("tokenConfigId", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("planName", sa.Text(), nullable=False),
        sa.Column("durationMinutes", sa.Integer(), nullable=False),
        sa.Column("downloadMb", sa.Integer(), nullable=True),
        sa.Column("uploadMb", sa.Integer(), nullable=True),
        sa.Column("deviceLimit", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="QUEUED", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("createdBy", sa.Text(), nullable=False),
        sa.Column("startedAt", sa.DateTime(), nullable=True),
        sa.Column("finishedAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"source\" IN ('MADE', 'IMPORTED')", name=op.f("token_batches_source_check")
        ),
        sa.CheckConstraint(
            "\"system\" IN ('ESP32', 'R710')", name=op.f("token_batches_system_check")
        ),
        sa.CheckConstraint(
            "\"status\" IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')",
            name=op.f("token_batches_status_check"),
        ),
        sa.CheckConstraint('"price" >= 0', name=op.f("token_batches_price_check")),
        sa.CheckConstraint('"asked" >= 1', name=op.f("token_batches_asked_check")),
        sa.CheckConstraint('"made" BETWEEN 0 AND "asked"', name=op.f("token_batches_made_check")),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("token_batches_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("token_batches_hotspotId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tokenConfigId"],
            ["token_configurations.id"],
            name=op.f("token_batches_tokenConfigId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("token_batches_pkey")),
    )
    op.create_index("token_batches_businessId_idx", TABLE, ["businessId"])
    op.create_index("token_batches_createdAt_idx", TABLE, ["createdAt", "id"])
    op.create_index(
        "token_batches_unfinished_idx",
        TABLE,
        ["createdAt", "id"],
        postgresql_where=sa.text("status IN ('QUEUED', 'RUNNING')"),
    )


def downgrade():
    op.drop_table(TABLE)
