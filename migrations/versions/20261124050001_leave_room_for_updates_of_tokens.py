"""leave room for updates of tokens"""

from alembic import op

revision = "20261124050001"
down_revision = "20261124040004"
branch_labels = None
depends_on = None


FILLED = {"wifi_tokens": 80, "token_usage": 50}  # per cent of a page


def upgrade():
    # rows written before keep their places; those that still change move by themselves
    for table, percent in FILLED.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")


def downgrade():
    for table in FILLED:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
