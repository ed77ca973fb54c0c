"""index stock of wifi tokens"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225102"
down_revision = "20261122225101"
branch_labels = None
depends_on = None


def upgrade():
    # in the order in which a plan's tokens are sold
    op.create_index(
        "wifi_tokens_stock_idx",
        "wifi_tokens",
        ["tokenConfigId", sa.text('("printedAt" IS NOT NULL)'), "createdAt", "id"],
        postgresql_where=sa.text("status = 'UNUSED'"),
    )


def downgrade():
    op.drop_index("wifi_tokens_stock_idx", "wifi_tokens")
