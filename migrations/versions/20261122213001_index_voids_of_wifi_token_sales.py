"""index voids of wifi token sales"""

import sqlalchemy as sa
from alembic import op

revision = "20261122213001"
down_revision = "20261122213000"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        "wifi_token_sales_voidedAt_idx",
        "wifi_token_sales",
        ["voidedAt", "id"],
        postgresql_where=sa.text('"voidedAt" IS NOT NULL'),
    )


def downgrade():
    op.drop_index("wifi_token_sales_voidedAt_idx", "wifi_token_sales")
