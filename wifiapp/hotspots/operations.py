"""Changes to the hotspots."""

from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.columns import SYSTEMS
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots import manual
from wifiapp.hotspots.models import Hotspot

LONGEST_NAME = 60


class InvalidHotspot(WifiError):
    """The name or the system will not do; the message says why."""


def add_manual_hotspot(actor: Actor, name: str, system: str, business_id: str) -> Hotspot:
    """Add a hotspot whose codes are loaded by hand; raises `InvalidHotspot`, `NotFound`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidHotspot(f"A hotspot needs a name of 1 to {LONGEST_NAME} characters.")
    if system not in SYSTEMS:
        raise InvalidHotspot(f"{system!r} is not a system. Take ESP32 or R710.")
    hotspot = manual.add(actor, name, system, business_id)
    db.session.commit()
    return hotspot


def activate_hotspot(actor: Actor, hotspot_id: str, *, active: bool) -> Hotspot:
    """Use a hotspot for new tokens again, or no longer; its tokens stay. Raises `NotFound`."""
    hotspot = db.session.get(Hotspot, hotspot_id, with_for_update=True)
    if hotspot is None:
        raise NotFound("There is no such hotspot.")
    if hotspot.is_active != active:
        hotspot.is_active = active
        action = "hotspot.activate" if active else "hotspot.deactivate"
        record(actor, action, "hotspot", hotspot.id, change={"name": hotspot.name})
    db.session.commit()
    return hotspot
