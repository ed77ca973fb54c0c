"""index wifi_tokens that expired"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031014"
down_revision = "20261123031013"
branch_labels = None
depends_on = None


NAME = "wifi_tokens_expired_idx"


def upgrade():
    op.create_index(
        op.f(NAME),
        "wifi_tokens",
        [sa.text('coalesce("endedAt", "expiresAt", "redeemBy")')],
        postgresql_where=sa.text("status = 'EXPIRED'"),
    )


def downgrade():
    op.drop_index(op.f(NAME), table_name="wifi_tokens")
