"""create api keys"""

import sqlalchemy as sa
from alembic import op

revision = "20261122225801"
down_revision = "20261122225107"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("businessId", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("channel", sa.Text(), server_default="POS", nullable=False),
        sa.Column("mayRead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("maySell", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("mayVoid", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("createdBy", sa.Text(), nullable=False),
        sa.Column("lastUsedAt", sa.DateTime(), nullable=True),
        sa.Column("revokedAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            '"mayRead" OR "maySell" OR "mayVoid"', name=op.f("api_keys_scopes_check")
        ),
        sa.ForeignKeyConstraint(
            ["businessId"],
            ["businesses.id"],
            name=op.f("api_keys_businessId_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("api_keys_pkey")),
        sa.UniqueConstraint("digest", name=op.f("api_keys_digest_key")),
    )
    op.create_index("api_keys_businessId_idx", "api_keys", ["businessId"])


def downgrade():
    op.drop_table("api_keys")
