"""create token usage"""

import sqlalchemy as sa
from alembic import op

revision = "20261123030000"
down_revision = "20261123020101"
branch_labels = None
depends_on = None


TABLE = "token_usage"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("wifiTokenId", sa.Text(), nullable=False),
        sa.Column("startsAt", sa.DateTime(), nullable=False),
        sa.Column("bytesDown", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytesUp", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            """date_bin('15 minutes', "startsAt", '2000-01-01') = "startsAt\"""",
            name=op.f("token_usage_startsAt_check"),
        ),
        sa.CheckConstraint('"bytesDown" >= 0', name=op.f("token_usage_bytesDown_check")),
        sa.CheckConstraint('"bytesUp" >= 0', name=op.f("token_usage_bytesUp_check")),
        sa.ForeignKeyConstraint(
            ["wifiTokenId"],
            ["wifi_tokens.id"],
            name=op.f("token_usage_wifiTokenId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("wifiTokenId", "startsAt", name=op.f("token_usage_pkey")),
    )
    op.create_index(op.f("token_usage_startsAt_idx"), TABLE, ["startsAt"])


def downgrade():
    op.drop_table(TABLE)
