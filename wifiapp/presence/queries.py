"""Every question asked of the keys of portals."""

from sqlalchemy import select

from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots.models import Hotspot, PresenceKey
from wifiapp.paging import UNFIT


class Ambiguous(WifiError):
    """Several hotspots are called so."""


def find_key(hotspot_id: str) -> PresenceKey | None:
    """Return the key that is in force at the hotspot, None without one."""
    query = select(PresenceKey).where(PresenceKey.hotspot_id == hotspot_id)
    return db.session.scalar(query.where(PresenceKey.revoked_at.is_(None)))


def get_named(name: str) -> Hotspot:
    """Return the hotspot of this name, or of this id; raises `NotFound`, `Ambiguous`."""
    if UNFIT.search(name):
        raise NotFound("There is no such hotspot.")
    if found := db.session.get(Hotspot, name):
        return found
    named = db.session.scalars(select(Hotspot).filter_by(name=name).order_by(Hotspot.id)).all()
    if not named:
        raise NotFound(f"There is no hotspot {name}.")
    if len(named) > 1:
        ids = ", ".join(each.id for each in named)
        raise Ambiguous(f"Several hotspots are called {name}. Name one by its id: {ids}.")
    return named[0]
