"""add key fingerprint to backups"""

import sqlalchemy as sa
from alembic import op

revision = "20261122224502"
down_revision = "20261122224501"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("backups", sa.Column("keyFingerprint", sa.String(length=9), nullable=True))


def downgrade():
    op.drop_column("backups", "keyFingerprint")
