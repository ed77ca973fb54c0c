"""create presence keys"""

import sqlalchemy as sa
from alembic import op

revision = "20261124010001"
down_revision = "20261123040201"
branch_labels = None
depends_on = None

TABLE = "presence_keys"


def upgrade():
    op.create_table(
        TABLE,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hotspotId", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("createdBy", sa.Text(), nullable=False),
        sa.Column("lastUsedAt", sa.DateTime(), nullable=True),
        sa.Column("revokedAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["hotspotId"],
            ["hotspots.id"],
            name=op.f("presence_keys_hotspotId_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("presence_keys_pkey")),
        sa.UniqueConstraint("digest", name=op.f("presence_keys_digest_key")),
    )
    op.create_index(
        "presence_keys_hotspotId_live_key",
        TABLE,
        ["hotspotId"],
        unique=True,
        postgresql_where=sa.text('"revokedAt" IS NULL'),
    )


def downgrade():
    op.drop_table(TABLE)
