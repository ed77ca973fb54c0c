"""add payment to wifi token sales"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225103"
down_revision = "20261122225102"
branch_labels = None
depends_on = None


SALES = "wifi_token_sales"


def upgrade():
    op.add_column(
        SALES,
        sa.Column(
            "fee",
            sa.Numeric(precision=12, scale=2),
            server_default=sa.text("0"),
            nullable=False,
        ),
    )
    op.add_column(SALES, sa.Column("tendered", sa.Numeric(precision=12, scale=2), nullable=True))
    op.add_column(SALES, sa.Column("transactionCode", sa.Text(), nullable=True))
    op.add_column(SALES, sa.Column("giftReason", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("wifi_token_sales_fee_check"), SALES, '"fee" >= 0')
    op.create_check_constraint(
        op.f("wifi_token_sales_tendered_check"), SALES, '"tendered" >= "saleAmount" + "fee"'
    )
    op.create_check_constraint(
        op.f("wifi_token_sales_giftReason_check"),
        SALES,
        '"giftReason" IS NULL OR "saleAmount" = 0',
    )


def downgrade():
    for column in ("giftReason", "transactionCode", "tendered", "fee"):
        op.drop_column(SALES, column)
