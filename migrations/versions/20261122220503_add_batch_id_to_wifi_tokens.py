"""add batch id to wifi tokens"""

import sqlalchemy as sa
from alembic import op

revision = "20261122220503"
down_revision = "20261122220502"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("wifi_tokens", sa.Column("batchId", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("wifi_tokens_batchId_fkey"),
        "wifi_tokens",
        "token_batches",
        ["batchId"],
        ["id"],
        ondelete="RESTRICT",
    )
    op.create_index(op.f("wifi_tokens_batchId_idx"), "wifi_tokens", ["batchId"])


def downgrade():
    op.drop_column("wifi_tokens", "batchId")
