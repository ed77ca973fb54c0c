"""index device_sessions by end"""

from alembic import op

revision = "20261123031015"
down_revision = "20261123031014"
branch_labels = None
depends_on = None


NAME = "device_sessions_endedAt_idx"


def upgrade():
    op.create_index(op.f(NAME), "device_sessions", ["endedAt"])


def downgrade():
    op.drop_index(op.f(NAME), table_name="device_sessions")
