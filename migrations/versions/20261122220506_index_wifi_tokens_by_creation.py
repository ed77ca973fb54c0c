"""index wifi tokens by creation"""

from alembic import op

revision = "20261122220506"
down_revision = "20261122220505"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("wifi_tokens_createdAt_idx", "wifi_tokens", ["createdAt", "id"])


def downgrade():
    op.drop_index("wifi_tokens_createdAt_idx", "wifi_tokens")
