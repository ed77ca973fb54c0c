"""add idempotency key to wifi token sales"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225104"
down_revision = "20261122225103"
branch_labels = None
depends_on = None


SALES = "wifi_token_sales"


def upgrade():
    op.add_column(SALES, sa.Column("idempotencyKey", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("wifi_token_sales_businessId_idempotencyKey_key"),
        SALES,
        ["businessId", "idempotencyKey"],
    )


def downgrade():
    op.drop_column(SALES, "idempotencyKey")
