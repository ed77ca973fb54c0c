"""create payment methods"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225105"
down_revision = "20261122225104"
branch_labels = None
depends_on = None


TABLE = "payment_methods"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), server_default="OTHER", nullable=False),
        sa.Column(
            "feePercent",
            sa.Numeric(precision=5, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column(
            "feeMinimum",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
        sa.Column("isActive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"kind\" IN ('CASH', 'MOBILE', 'OTHER')", name=op.f("payment_methods_kind_check")
        ),
        sa.CheckConstraint(
            '"feePercent" BETWEEN 0 AND 100', name=op.f("payment_methods_feePercent_check")
        ),
        sa.CheckConstraint('"feeMinimum" >= 0', name=op.f("payment_methods_feeMinimum_check")),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("payment_methods_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_methods_pkey")),
        sa.UniqueConstraint(
            "businessId", "name", name=op.f("payment_methods_businessId_name_key")
        ),
    )


def downgrade():
    op.drop_table(TABLE)
