"""How many devices were online, hour by hour, and when that is not known."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Interval, Row, Select, case, func, literal, or_, select, true

from wifiapp.access import Viewer
from wifiapp.columns import UtcDateTime
from wifiapp.db import db
from wifiapp.devices.models import DeviceSession, WifiTokenDevice
from wifiapp.devices.told import is_told
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage, PresenceKey
from wifiapp.hotspots.telling import tells
from wifiapp.tokens.models import WifiToken

HOUR = literal(timedelta(hours=1), Interval)
INSTANT = literal(timedelta(microseconds=1), Interval)


def count_by_hour(
    viewer: Viewer, since: datetime, now: datetime, business_id: str = "", hotspot_id: str = ""
) -> dict[datetime, int]:
    """Count the devices that were online for a part of each hour of UTC from `since` on.

    An open session lasts until now or, where the hotspot is silent, until the last sign of life.
    """
    begun, until = literal(since, UtcDateTime), literal(now, UtcDateTime)
    still = case((is_told(now), until), else_=WifiTokenDevice.last_seen)
    spans = (
        select(
            DeviceSession.wifi_token_device_id.label("device"),
            func.greatest(DeviceSession.started_at, begun).label("first"),
            func.least(func.coalesce(DeviceSession.ended_at, still), until).label("last"),
        )
        .join(WifiTokenDevice, WifiTokenDevice.id == DeviceSession.wifi_token_device_id)
        .join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .join(Hotspot, Hotspot.id == WifiToken.hotspot_id)
        .where(
            DeviceSession.started_at < until,
            or_(DeviceSession.ended_at.is_(None), DeviceSession.ended_at > begun),
        )
    )
    if viewer.business_ids is not None:
        spans = spans.where(WifiToken.business_id.in_(viewer.business_ids))
    if business_id:
        spans = spans.where(WifiToken.business_id == business_id)
    if hotspot_id:
        spans = spans.where(WifiToken.hotspot_id == hotspot_id)
    return _counted(spans)


def list_asked(
    viewer: Viewer, business_id: str = "", hotspot_id: str = ""
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the hotspots that tell who is online: their ids, and since when they are asked."""
    first = func.min(PresenceKey.created_at, type_=UtcDateTime)
    keyed = select(first).where(PresenceKey.hotspot_id == Hotspot.id, Hotspot.is_manual)
    since = func.coalesce(keyed.scalar_subquery(), Hotspot.created_at, type_=UtcDateTime)
    query = select(Hotspot.id, since.label("created_at")).where(tells())
    serves = select(HotspotBusiness.hotspot_id)
    if viewer.business_ids is not None:
        own = serves.where(HotspotBusiness.business_id.in_(viewer.business_ids))
        query = query.where(Hotspot.id.in_(own))
    if business_id:
        query = query.where(
            Hotspot.id.in_(serves.where(HotspotBusiness.business_id == business_id))
        )
    if hotspot_id:
        query = query.where(Hotspot.id == hotspot_id)
    return db.session.execute(query).all()


def list_outages(hotspot_ids: Sequence[str], since: datetime) -> Sequence[HotspotOutage]:
    """Return the outages of the hotspots that were not over at `since`."""
    query = select(HotspotOutage).where(
        HotspotOutage.hotspot_id.in_(hotspot_ids),
        or_(HotspotOutage.ended_at.is_(None), HotspotOutage.ended_at > since),
    )
    return db.session.scalars(query).all()


def _counted(spans: Select[Any]) -> dict[datetime, int]:
    span = spans.subquery()
    last = span.c.last - INSTANT  # who left on the hour was not there in the next one
    hours = func.generate_series(func.date_trunc("hour", span.c.first), last, HOUR)
    hour = hours.table_valued("at").render_derived().lateral()
    at = func.date_trunc("hour", hour.c.at, type_=UtcDateTime)
    query = select(at, func.count(span.c.device.distinct())).select_from(span.join(hour, true()))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(at))}
