"""Which hotspots tell who is online: those that are called, and those whose portal pushes it."""

from sqlalchemy import ColumnElement, exists, or_

from wifiapp.hotspots.models import Hotspot, PresenceKey


def pushes() -> ColumnElement[bool]:
    """Return the condition on a hotspot whose portal has a key to push with."""
    return exists().where(
        PresenceKey.hotspot_id == Hotspot.id, PresenceKey.revoked_at.is_(None), Hotspot.is_manual
    )


def tells() -> ColumnElement[bool]:
    """Return the condition on a hotspot whose silence means that something is not known."""
    return or_(Hotspot.is_manual.is_(False), pushes())
