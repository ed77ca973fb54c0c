"""How every change leaves its line in the audit log."""

from typing import Any

from sqlalchemy.orm import Session

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.columns import new_id
from wifiapp.db import db


def record(
    actor: Actor,
    action: str,
    entity: str,
    entity_id: str | None = None,
    *,
    business_id: str | None = None,
    change: dict[str, Any] | None = None,
    session: Session | None = None,
) -> None:
    """Add an entry to the transaction under way, so that it stands or falls with the change.

    `action` is `entity.verb` (`user.disable`); `change` is what JSON can hold, no secrets. The
    transaction is the app's own session's unless another `session` is named.
    """
    values = entry(actor, action, entity, entity_id, business_id=business_id, change=change)
    (session or db.session).add(AuditLog(**values))


def entry(
    actor: Actor,
    action: str,
    entity: str,
    entity_id: str | None = None,
    *,
    business_id: str | None = None,
    change: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an entry as values, for a statement that writes it together with the change."""
    return {
        "id": new_id(),
        "at": clock.now(),
        "user_id": actor.user_id,
        "user_email": actor.email,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "business_id": business_id,
        "ip": actor.ip,
        "request_id": actor.request_id,
        "change": change,
    }
