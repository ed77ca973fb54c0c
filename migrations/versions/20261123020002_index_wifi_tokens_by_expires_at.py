"""index wifi tokens by expires at"""

import sqlalchemy as sa
from alembic import op

revision = "20261123020002"
down_revision = "20261123020001"
branch_labels = None
depends_on = None


def upgrade():
    # only the tokens that this time can end
    op.create_index(
        "wifi_tokens_expiresAt_idx",
        "wifi_tokens",
        ["expiresAt"],
        postgresql_where=sa.text("""status = 'ACTIVE' AND "expiresAt" IS NOT NULL"""),
    )


def downgrade():
    op.drop_index("wifi_tokens_expiresAt_idx", "wifi_tokens")
