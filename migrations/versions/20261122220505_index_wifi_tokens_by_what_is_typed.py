"""index wifi tokens by what is typed"""

import sqlalchemy as sa
from alembic import op

revision = "20261122220505"
down_revision = "20261122220504"
branch_labels = None
depends_on = None


def upgrade():
    # case, blanks, dashes and look-alikes aside
    op.create_index(
        "wifi_tokens_typed_idx",
        "wifi_tokens",
        [sa.text("translate(upper(token), 'OIL- ', '011') text_pattern_ops")],
    )


def downgrade():
    op.drop_index("wifi_tokens_typed_idx", "wifi_tokens")
