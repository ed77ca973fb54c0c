"""Manual hotspots: their codes are ours and loaded into the device by hand."""

from sqlalchemy import select

from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots import queries
from wifiapp.hotspots.models import Hotspot, HotspotBusiness


def add(actor: Actor, name: str, system: str, business_id: str) -> Hotspot:
    """Add a manual hotspot to the transaction under way, with its line in the audit log."""
    _lock(business_id)
    return _added(actor, name, system, business_id)


def first_or_new(actor: Actor, system: str, business_id: str) -> Hotspot:
    """Return the manual hotspot of a business and system, made in this transaction if need be."""
    _lock(business_id)
    found = queries.find_manual(business_id, system)
    return found or _added(actor, f"Manual {system}", system, business_id)


def _added(actor: Actor, name: str, system: str, business_id: str) -> Hotspot:
    hotspot = Hotspot(name=name, system=system, address="", is_manual=True)
    db.session.add(hotspot)
    db.session.flush()
    db.session.add(HotspotBusiness(hotspot_id=hotspot.id, business_id=business_id))
    change = {"name": name, "system": system, "manual": True}
    record(actor, "hotspot.create", "hotspot", hotspot.id, business_id=business_id, change=change)
    return hotspot


def _lock(business_id: str) -> None:
    """Let nobody else make one for the business until this transaction ends."""
    query = select(Business.id).where(Business.id == business_id).with_for_update()
    if db.session.scalar(query) is None:
        raise NotFound("There is no such business.")
