"""index device profiles by arrival"""

from alembic import op

revision = "20261123040001"
down_revision = "20261123031015"
branch_labels = None
depends_on = None


INDEX = "device_profiles_businessId_createdAt_idx"


def upgrade():
    op.create_index(INDEX, "device_profiles", ["businessId", "createdAt"])


def downgrade():
    op.drop_index(INDEX, "device_profiles")
