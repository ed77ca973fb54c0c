"""create users"""

import sqlalchemy as sa
from alembic import op

revision = "20260112000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("passwordHash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("isActive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "mustChangePassword", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("sessionVersion", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("lastSignInAt", sa.DateTime(), nullable=True),
        sa.Column("createdAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.Column("updatedAt", sa.DateTime(), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "\"role\" IN ('ADMIN', 'MANAGER', 'SELLER')", name=op.f("users_role_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
    )
    op.create_index("users_email_key", "users", [sa.literal_column("lower(email)")], unique=True)


def downgrade():
    op.drop_table("users")
