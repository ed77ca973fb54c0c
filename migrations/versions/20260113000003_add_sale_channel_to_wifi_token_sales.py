"""add sale channel to wifi token sales"""

import sqlalchemy as sa
from alembic import op

revision = "20260113000003"
down_revision = "20260113000002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "wifi_token_sales",
        sa.Column("saleChannel", sa.Text(), server_default="DIRECT", nullable=False),
    )
    op.create_index(
        op.f("wifi_token_sales_saleChannel_idx"), "wifi_token_sales", ["saleChannel"], unique=False
    )


def downgrade():
    op.drop_index(op.f("wifi_token_sales_saleChannel_idx"), table_name="wifi_token_sales")
    op.drop_column("wifi_token_sales", "saleChannel")
