"""index unsold wifi tokens"""

import sqlalchemy as sa
from alembic import op

revision = "20261124040004"
down_revision = "20261124040003"
branch_labels = None
depends_on = None


INDEX = "wifi_tokens_unsold_idx"


def upgrade():
    op.create_index(
        INDEX,
        "wifi_tokens",
        ["tokenConfigId", "redeemBy"],
        postgresql_where=sa.text("status = 'UNUSED'"),
    )


def downgrade():
    op.drop_index(INDEX, "wifi_tokens")
