"""Every question asked about one hotspot, which the caller may see."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, exists, func, not_, select

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.fleet.forecast import DAYS, Pace
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage
from wifiapp.paging import Page, fetch_page, stream
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import WifiToken

OUTAGES_SHOWN = 5
PAGE_SIZE = 40


def pace_of(hotspot: Hotspot, now: datetime, viewer: Viewer | None = None) -> Pace:
    """Count what was made and sold of late, since the hotspot was added if that is less long.

    Without a viewer everybody's tokens count: they share the box.
    """
    days = min(DAYS, max(1, (now - hotspot.created_at).days))
    since = now - timedelta(days=days)
    made = select(func.count()).where(WifiToken.created_at >= since)
    sold = (
        select(func.count(WifiTokenSale.id))
        .join(WifiToken, WifiToken.id == WifiTokenSale.wifi_token_id)
        .where(WifiTokenSale.sold_at >= since, WifiTokenSale.voided_at.is_(None))
    )
    made_and_sold = []
    for query in (made, sold):
        own = query.where(WifiToken.hotspot_id == hotspot.id)
        if viewer is not None and viewer.business_ids is not None:
            own = own.where(WifiToken.business_id.in_(viewer.business_ids))
        made_and_sold.append(db.session.scalar(own) or 0)
    return Pace(made_and_sold[0], made_and_sold[1], days)


def list_served(hotspot_id: str, viewer: Viewer) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the businesses that the hotspot serves and the viewer may see, by name."""
    query = (
        select(Business.id, Business.name, HotspotBusiness.ssid, Business.is_demo)
        .join(HotspotBusiness, HotspotBusiness.business_id == Business.id)
        .where(HotspotBusiness.hotspot_id == hotspot_id)
        .order_by(Business.name, Business.id)
    )
    if viewer.business_ids is not None:
        query = query.where(Business.id.in_(viewer.business_ids))
    return db.session.execute(query).all()


def is_demo(hotspot_id: str) -> bool:
    """Tell whether the hotspot serves demo shops only, so that its address is made up."""
    serves = select(HotspotBusiness.id).join(Business, Business.id == HotspotBusiness.business_id)
    mine = serves.where(HotspotBusiness.hotspot_id == hotspot_id)
    query = select(exists(mine) & not_(exists(mine.where(not_(Business.is_demo)))))
    return bool(db.session.scalar(query))


def list_last_outages(hotspot_id: str) -> Sequence[HotspotOutage]:
    """Return the latest outages, newest first."""
    query = _outages(hotspot_id).order_by(HotspotOutage.started_at.desc(), HotspotOutage.id.desc())
    return db.session.scalars(query.limit(OUTAGES_SHOWN)).all()


def list_outages(hotspot_id: str, after: str | None = None) -> Page[Row[Any]]:
    """Return a page of outages, newest first; raises `BadCursor`."""
    query = _outages(hotspot_id)
    keys = (HotspotOutage.started_at.expression, HotspotOutage.id.expression)
    return fetch_page(
        db.session(),
        query,
        keys,
        lambda row: (row.HotspotOutage.started_at, row.HotspotOutage.id),
        after,
        PAGE_SIZE,
    )


def stream_outages(hotspot_id: str) -> Iterator[Row[Any]]:
    """Yield all outages, in the same order."""
    return stream(
        _outages(hotspot_id).order_by(HotspotOutage.started_at.desc(), HotspotOutage.id.desc())
    )


def _outages(hotspot_id: str) -> Select[Any]:
    return select(HotspotOutage).where(HotspotOutage.hotspot_id == hotspot_id)
