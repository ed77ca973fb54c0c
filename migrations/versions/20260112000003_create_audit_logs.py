"""create audit logs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20260112000003"
down_revision = "20260112000002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("userId", sa.Text(), nullable=True),
        sa.Column("userEmail", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entityId", sa.Text(), nullable=True),
        sa.Column("businessId", sa.Text(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("requestId", sa.Text(), nullable=True),
        sa.Column("change", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_logs_pkey")),
    )
    op.create_index(op.f("audit_logs_action_idx"), "audit_logs", ["action"], unique=False)
    op.create_index("audit_logs_at_idx", "audit_logs", ["at", "id"], unique=False)
    op.create_index(op.f("audit_logs_businessId_idx"), "audit_logs", ["businessId"], unique=False)
    op.create_index(
        "audit_logs_entity_entityId_idx", "audit_logs", ["entity", "entityId"], unique=False
    )
    op.create_index(op.f("audit_logs_userId_idx"), "audit_logs", ["userId"], unique=False)
    op.execute(
        """
        CREATE FUNCTION audit_logs_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'The audit log only grows: % is refused.', TG_OP;
        END $$;
        CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
        FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_append_only();
        """
    )


def downgrade():
    op.drop_table("audit_logs")
    op.execute("DROP FUNCTION audit_logs_append_only()")
