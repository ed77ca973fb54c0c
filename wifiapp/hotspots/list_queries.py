"""The hotspots as a list: which ones, in which state, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.queries import is_heard
from wifiapp.hotspots.telling import pushes
from wifiapp.paging import Page, cut, decode, stream

PAGE_SIZE = 40
STATES = ("ANSWERS", "SILENT", "REFUSED", "NEW", "MANUAL", "INACTIVE")
ORDER = (not_(Hotspot.is_active), Hotspot.name, Hotspot.id)


@dataclass(frozen=True)
class Wanted:
    """Which hotspots: "" does not narrow; `text` is a part of a name, an address or a serial."""

    text: str = ""
    state: str = ""
    system: str = ""
    business_id: str = ""


def list_page(
    viewer: Viewer, wanted: Wanted, now: datetime, after: str | None = None
) -> Page[Row[Any]]:
    """Return a page of hotspots, those in use first, by name; raises `BadCursor`."""
    query = _rows(viewer, wanted, now)
    if after:
        out_of_use, name, id_ = decode(after, (bool, str, str))
        query = query.where(tuple_(*ORDER) > tuple_(out_of_use, name, id_))
    rows = db.session.execute(query.limit(PAGE_SIZE + 1)).all()
    return cut(rows, lambda row: (not row.Hotspot.is_active, row.name, row.id), PAGE_SIZE)


def stream_hotspots(viewer: Viewer, wanted: Wanted, now: datetime) -> Iterator[Row[Any]]:
    """Yield the hotspots of all pages, in the same order."""
    return stream(_rows(viewer, wanted, now))


def count_states(viewer: Viewer, wanted: Wanted, now: datetime) -> dict[str, int]:
    """Count the hotspots of each state (and of all: ""), the wanted state aside."""
    state = state_at(now)
    query = _matching(viewer, wanted).with_only_columns(state, func.count()).group_by(state)
    counts: dict[str, int] = {row[0]: row[1] for row in db.session.execute(query)}
    return {"": sum(counts.values()), **{each: counts.get(each, 0) for each in STATES}}


def get_state(hotspot_id: str, now: datetime) -> str:
    """Return the state of a hotspot that exists."""
    query = select(state_at(now)).where(Hotspot.id == hotspot_id)
    return str(db.session.execute(query).scalar_one())


def state_at(now: datetime) -> ColumnElement[str]:
    """Say in which state a hotspot is: the one place that knows."""
    return case(
        (not_(Hotspot.is_active), "INACTIVE"),
        (and_(Hotspot.is_manual, not_(pushes())), "MANUAL"),
        (Hotspot.status.in_(("NEW", "REFUSED")), Hotspot.status),
        (and_(Hotspot.status == "OK", is_heard(now)), "ANSWERS"),
        else_="SILENT",
    )


def _rows(viewer: Viewer, wanted: Wanted, now: datetime) -> Select[Any]:
    query = _matching(viewer, wanted)
    if wanted.state:
        query = query.where(state_at(now) == wanted.state)
    columns = (Hotspot, Hotspot.id, Hotspot.name, state_at(now).label("state"), _names(viewer))
    return query.with_only_columns(*columns).order_by(*ORDER)


def _matching(viewer: Viewer, wanted: Wanted) -> Select[Any]:
    query = select(Hotspot.id)
    if viewer.business_ids is not None:
        query = query.where(_serves(HotspotBusiness.business_id.in_(viewer.business_ids)))
    if wanted.business_id:
        query = query.where(_serves(HotspotBusiness.business_id == wanted.business_id))
    if wanted.system:
        query = query.where(Hotspot.system == wanted.system)
    if wanted.text:
        part = wanted.text
        columns = (Hotspot.name, Hotspot.address, Hotspot.serial)
        query = query.where(or_(*(each.icontains(part, autoescape=True) for each in columns)))
    return query


def _serves(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(HotspotBusiness.hotspot_id == Hotspot.id, condition)


def _names(viewer: Viewer) -> Any:
    query = (
        select(func.string_agg(Business.name, aggregate_order_by(literal(", "), Business.name)))
        .join(HotspotBusiness, HotspotBusiness.business_id == Business.id)
        .where(HotspotBusiness.hotspot_id == Hotspot.id)
    )
    if viewer.business_ids is not None:
        query = query.where(Business.id.in_(viewer.business_ids))
    return query.scalar_subquery().label("businesses")
