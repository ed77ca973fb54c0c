"""create wifi token sales"""

import sqlalchemy as sa
from alembic import op

revision = "20260113000001"
down_revision = "20260112000010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "wifi_token_sales",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("wifiTokenId", sa.Text(), nullable=False),
        sa.Column("receiptNumber", sa.BigInteger(), nullable=True),
        sa.Column("saleAmount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("paymentMethod", sa.Text(), server_default="CASH", nullable=False),
        sa.Column("soldAt", sa.DateTime(), nullable=False),
        sa.Column("soldBy", sa.Text(), nullable=True),
        sa.Column("voidedAt", sa.DateTime(), nullable=True),
        sa.Column("voidedBy", sa.Text(), nullable=True),
        sa.Column("voidReason", sa.Text(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint('"saleAmount" >= 0', name=op.f("wifi_token_sales_saleAmount_check")),
        sa.CheckConstraint(
            '("voidedAt" IS NULL) = ("voidReason" IS NULL)',
            name=op.f("wifi_token_sales_voidReason_check"),
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("wifi_token_sales_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["soldBy"], ["users.id"], name=op.f("wifi_token_sales_soldBy_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["voidedBy"],
            ["users.id"],
            name=op.f("wifi_token_sales_voidedBy_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wifiTokenId"],
            ["wifi_tokens.id"],
            name=op.f("wifi_token_sales_wifiTokenId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("wifi_token_sales_pkey")),
        sa.UniqueConstraint(
            "businessId",
            "receiptNumber",
            name=op.f("wifi_token_sales_businessId_receiptNumber_key"),
        ),
    )
    op.create_index(
        "wifi_token_sales_businessId_soldAt_idx",
        "wifi_token_sales",
        ["businessId", "soldAt", "id"],
        unique=False,
    )
    op.create_index(
        "wifi_token_sales_soldAt_idx", "wifi_token_sales", ["soldAt", "id"], unique=False
    )
    op.create_index(
        op.f("wifi_token_sales_soldBy_idx"), "wifi_token_sales", ["soldBy"], unique=False
    )
    op.create_index(
        op.f("wifi_token_sales_wifiTokenId_idx"), "wifi_token_sales", ["wifiTokenId"], unique=False
    )
    op.create_index(
        "wifi_token_sales_wifiTokenId_live_key",
        "wifi_token_sales",
        ["wifiTokenId"],
        unique=True,
        postgresql_where=sa.text('"voidedAt" IS NULL'),
    )


def downgrade():
    op.drop_table("wifi_token_sales")
