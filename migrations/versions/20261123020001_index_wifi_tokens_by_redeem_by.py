"""index wifi tokens by redeem by"""

import sqlalchemy as sa
from alembic import op

revision = "20261123020001"
down_revision = "20261122225801"
branch_labels = None
depends_on = None


def upgrade():
    # only the tokens that this time can end
    op.create_index(
        "wifi_tokens_redeemBy_idx",
        "wifi_tokens",
        ["redeemBy"],
        postgresql_where=sa.text("""status IN ('UNUSED', 'SOLD') AND "redeemBy" IS NOT NULL"""),
    )


def downgrade():
    op.drop_index("wifi_tokens_redeemBy_idx", "wifi_tokens")
