"""A hotspot's row for one transaction, and its outages; the caller commits."""

from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from wifiapp import clock
from wifiapp.backup import hold
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot, HotspotOutage
from wifiapp.polling.queries import patience_with


def held(hotspot_id: str) -> Hotspot | None:
    """Return the hotspot for this transaction alone; None when nothing may change now."""
    if hold.may_change():
        hotspot = db.session.get(
            Hotspot, hotspot_id, with_for_update={"key_share": True}, populate_existing=True
        )
        if hotspot is not None:
            return hotspot
    db.session.rollback()
    return None


def begin(hotspot: Hotspot, reason: str) -> None:
    """Begin an outage at the last good look, or go on with the one that lasts."""
    at = hotspot.last_contact_at or clock.now()
    adding = insert(HotspotOutage).values(hotspot_id=hotspot.id, started_at=at, reason=reason)
    db.session.execute(
        adding.on_conflict_do_update(
            index_elements=[HotspotOutage.hotspot_id],
            index_where=HotspotOutage.ended_at.is_(None),
            set_={"reason": adding.excluded.reason},
        )
    )


def end(hotspot: Hotspot, at: datetime, otherwise: str) -> None:
    """End the outage that lasts, or keep that there was one which nobody noticed, for a reason."""
    if hotspot.failures or hotspot.status != "OK":
        ended = update(HotspotOutage).values(ended_at=func.greatest(HotspotOutage.started_at, at))
        of_it = (HotspotOutage.hotspot_id == hotspot.id, HotspotOutage.ended_at.is_(None))
        if db.session.scalars(ended.where(*of_it).returning(HotspotOutage.id)).all():
            return
    last = hotspot.last_contact_at
    if last is not None and at - last > patience_with(hotspot):
        outage = HotspotOutage(
            hotspot_id=hotspot.id, started_at=last, ended_at=at, reason=otherwise
        )
        db.session.add(outage)
