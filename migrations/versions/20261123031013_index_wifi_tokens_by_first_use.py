"""index wifi_tokens by first use"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031013"
down_revision = "20261123031012"
branch_labels = None
depends_on = None


NAME = "wifi_tokens_firstUsedAt_idx"


def upgrade():
    op.create_index(
        op.f(NAME),
        "wifi_tokens",
        ["firstUsedAt"],
        postgresql_where=sa.text('"firstUsedAt" IS NOT NULL'),
    )


def downgrade():
    op.drop_index(op.f(NAME), table_name="wifi_tokens")
