"""The audit log."""

from typing import Any

from sqlalchemy import DDL, Index, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.columns import Id, Ip, Moment
from wifiapp.db import Model, archived


class AuditLog(Model):
    """Who did what to which row; append-only, held by a trigger.

    Users and businesses are named by id without a foreign key: the entry outlives them.
    """

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index("audit_logs_at_idx", "at", "id"),
        Index("audit_logs_entity_entityId_idx", "entity", "entity_id"),
        archived("audit"),
    )

    id: Mapped[Id]
    at: Mapped[Moment]
    user_id: Mapped[str | None] = mapped_column(index=True)
    user_email: Mapped[str | None]
    action: Mapped[str] = mapped_column(index=True)
    entity: Mapped[str]
    entity_id: Mapped[str | None]
    business_id: Mapped[str | None] = mapped_column(index=True)
    ip: Mapped[Ip | None]
    request_id: Mapped[str | None]
    change: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


APPEND_ONLY = """
CREATE FUNCTION audit_logs_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log only grows: % is refused.', TG_OP;
END $$;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_append_only();
"""
event.listen(
    AuditLog.__table__,
    "after_create",
    DDL(APPEND_ONLY.replace("%", "%%")),  # type: ignore[no-untyped-call]
)
