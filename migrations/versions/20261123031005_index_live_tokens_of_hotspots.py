"""index live tokens of hotspots"""

import sqlalchemy as sa
from alembic import op

revision = "20261123031005"
down_revision = "20261123031004"
branch_labels = None
depends_on = None


def upgrade():
    # each poll asks for them
    op.create_index(
        "wifi_tokens_hotspotId_live_idx",
        "wifi_tokens",
        ["hotspotId"],
        postgresql_where=sa.text("status IN ('UNUSED', 'SOLD', 'ACTIVE')"),
    )


def downgrade():
    op.drop_index("wifi_tokens_hotspotId_live_idx", "wifi_tokens")
