"""create token configurations"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000008"
down_revision = "20260112000007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "token_configurations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("durationMinutes", sa.Integer(), nullable=False),
        sa.Column("downloadMb", sa.Integer(), nullable=True),
        sa.Column("uploadMb", sa.Integer(), nullable=True),
        sa.Column("deviceLimit", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("sortOrder", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("isActive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint('"price" >= 0', name=op.f("token_configurations_price_check")),
        sa.CheckConstraint(
            "\"system\" IN ('ESP32', 'R710')", name=op.f("token_configurations_system_check")
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("token_configurations_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("token_configurations_pkey")),
    )
    op.create_index(
        op.f("token_configurations_businessId_idx"),
        "token_configurations",
        ["businessId"],
        unique=False,
    )


def downgrade():
    op.drop_table("token_configurations")
