"""create backup_keys"""

import sqlalchemy as sa
from alembic import op

revision = "20261122224501"
down_revision = "20261122224004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "backup_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=9), nullable=False),
        sa.Column("proof", sa.String(length=64), nullable=True),
        sa.Column("createdBy", sa.Text(), nullable=False),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmedAt", sa.DateTime(), nullable=True),
        sa.Column("retiredAt", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("backup_keys_pkey")),
        sa.UniqueConstraint("fingerprint", name=op.f("backup_keys_fingerprint_key")),
    )
    op.create_index(
        "backup_keys_inForce_key",
        "backup_keys",
        [sa.text('("retiredAt" IS NULL)')],
        unique=True,
        postgresql_where=sa.text('"confirmedAt" IS NOT NULL AND "retiredAt" IS NULL'),
    )


def downgrade():
    op.drop_table("backup_keys")
