"""Every question asked of the hotspots."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Interval, Select, and_, func, literal, select

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.columns import UtcDateTime
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.telling import pushes
from wifiapp.paging import UNFIT

SILENT_AFTER = 180  # seconds without a word from a hotspot, or three of its polls


@dataclass(frozen=True)
class ListedHotspot:
    """A hotspot and the businesses that it serves (those the viewer may see), by name."""

    hotspot: Hotspot
    businesses: Sequence[Business]


def list_hotspots(viewer: Viewer | None = None) -> list[ListedHotspot]:
    """Return the hotspots that serve the viewer's businesses, active ones first, by name."""
    serves = select(HotspotBusiness.hotspot_id, Business).join(
        Business, Business.id == HotspotBusiness.business_id
    )
    if viewer is not None and viewer.business_ids is not None:
        serves = serves.where(Business.id.in_(viewer.business_ids))
    served: defaultdict[str, list[Business]] = defaultdict(list)
    for hotspot_id, business in db.session.execute(serves.order_by(Business.name, Business.id)):
        served[hotspot_id].append(business)
    query = _seen(viewer).order_by(Hotspot.is_active.desc(), Hotspot.name, Hotspot.id)
    return [ListedHotspot(each, served[each.id]) for each in db.session.scalars(query)]


def get_hotspot(hotspot_id: str, viewer: Viewer | None = None) -> Hotspot:
    """Return the hotspot, or raise `NotFound`, also when it serves no business of the viewer."""
    query = _seen(viewer).where(Hotspot.id == hotspot_id)
    hotspot = None if UNFIT.search(hotspot_id) else db.session.scalar(query)
    if hotspot is None:
        raise NotFound("There is no such hotspot.")
    return hotspot


def list_served(hotspot_id: str) -> Sequence[HotspotBusiness]:
    """Return which businesses the hotspot serves, and on which network."""
    query = select(HotspotBusiness).filter_by(hotspot_id=hotspot_id)
    return db.session.scalars(query.order_by(HotspotBusiness.created_at, HotspotBusiness.id)).all()


def is_heard(now: datetime) -> ColumnElement[bool]:
    """Tell whether a good look at a hotspot in use is young enough to speak for its devices.

    One missed poll is nothing: it takes three of them, and at least three minutes.
    """
    return and_(Hotspot.is_active, Hotspot.last_contact_at >= heard_after(now)).is_(True)


def heard_after(now: datetime) -> ColumnElement[datetime]:
    """Return the moment before which what a hotspot told is too old to be believed still."""
    patience = func.make_interval(
        0, 0, 0, 0, 0, 0, func.greatest(3 * Hotspot.poll_interval, SILENT_AFTER), type_=Interval
    )
    return literal(now, UtcDateTime) - patience


def find_heard(
    viewer: Viewer, now: datetime, business_id: str = "", hotspot_id: str = ""
) -> datetime | None:
    """Return since when all of the hotspots that answer have been heard; None without any."""
    query = _seen(viewer).where(is_heard(now))
    if hotspot_id:
        query = query.where(Hotspot.id == hotspot_id)
    if business_id:
        serves = select(HotspotBusiness.hotspot_id).filter_by(business_id=business_id)
        query = query.where(Hotspot.id.in_(serves))
    heard = query.with_only_columns(func.min(Hotspot.last_contact_at, type_=UtcDateTime))
    return db.session.execute(heard).scalar_one()


def list_pushed() -> set[str]:
    """Return the ids of the hotspots whose portals push who is online."""
    return set(db.session.scalars(select(Hotspot.id).where(pushes())))


def find_manual(business_id: str, system: str) -> Hotspot | None:
    """Return the first active manual hotspot of a business and system, or None."""
    query = (
        _seen(None)
        .join(HotspotBusiness, HotspotBusiness.hotspot_id == Hotspot.id)
        .where(HotspotBusiness.business_id == business_id, Hotspot.system == system)
        .where(Hotspot.is_manual, Hotspot.is_active)
        .order_by(Hotspot.created_at, Hotspot.id)
    )
    return db.session.scalars(query.limit(1)).first()


def serves(hotspot_id: str, business_id: str) -> bool:
    """Tell whether the hotspot serves the business."""
    query = select(HotspotBusiness.id).filter_by(hotspot_id=hotspot_id, business_id=business_id)
    return db.session.scalar(query) is not None


def _seen(viewer: Viewer | None) -> Select[Hotspot]:
    query = select(Hotspot)
    if viewer is None or viewer.business_ids is None:
        return query
    served = select(HotspotBusiness.hotspot_id).where(
        HotspotBusiness.business_id.in_(viewer.business_ids)
    )
    return query.where(Hotspot.id.in_(served))
