"""Every question asked of the devices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    not_,
    or_,
    select,
    true,
)

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.devices import hints
from wifiapp.devices.models import DeviceProfile, DeviceSession, WifiTokenDevice
from wifiapp.devices.search import Search
from wifiapp.devices.search_queries import found_by
from wifiapp.devices.told import is_told, told_at
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.queries import is_heard
from wifiapp.paging import UNFIT, Page, fetch_page, stream
from wifiapp.tokens.models import WifiToken

LIVE_LIMIT, GONE_LIMIT = 10_000, 1_000  # rows that a count looks at before it says "1,000+"
PAGE_SIZE = 40  # rows of 1 KB each, and a page stays below 60 KB
SESSIONS_SHOWN = TOKENS_SHOWN = 100
LIVE = "LIVE"  # online or unknown

LAST_SESSION = (
    DeviceSession.started_at.label("started_at"),
    DeviceSession.ended_at.label("ended_at"),
    DeviceSession.bytes_down.label("bytes_down"),
    DeviceSession.bytes_up.label("bytes_up"),
    DeviceSession.signal,
)
NEWEST_FIRST = (WifiTokenDevice.first_seen.desc(), WifiTokenDevice.id.desc())
PROFILE = and_(
    DeviceProfile.business_id == WifiToken.business_id,
    DeviceProfile.mac_address == WifiTokenDevice.mac_address,
)


class Count(NamedTuple):
    """A number of rows; `more` when there are at least so many."""

    number: int
    more: bool


@dataclass(frozen=True)
class Wanted:
    """Which devices: None and "" do not narrow."""

    state: str = ""
    system: str = ""
    business_id: str = ""
    hotspot_id: str = ""
    search: Search | None = None
    hint: str = ""


def list_devices(
    viewer: Viewer, wanted: Wanted, now: datetime, after: str | None = None
) -> Page[Row[Any]]:
    """Return a page of devices, the newest to arrive first; raises `BadCursor`.

    In the order of the last sign of life, every poll would shuffle the pages.
    """
    session = db.session()
    ids = matching(viewer, wanted, now).add_columns(WifiTokenDevice.first_seen)
    keys = (WifiTokenDevice.first_seen, WifiTokenDevice.id)
    page = fetch_page(session, ids, keys, lambda row: (row.first_seen, row.id), after, PAGE_SIZE)
    # What is shown is gathered for one page only, however many devices a search has found.
    own = matching(viewer, Wanted(), now)
    shown = own.where(WifiTokenDevice.id.in_([row.id for row in page.rows]))
    return Page(session.execute(_details(shown, now).order_by(*NEWEST_FIRST)).all(), page.after)


def stream_devices(viewer: Viewer, wanted: Wanted, now: datetime) -> Iterator[Row[Any]]:
    """Yield the devices of all pages, in the same order."""
    found = matching(viewer, wanted, now)
    return stream(_details(found, now).order_by(*NEWEST_FIRST))


def count_devices(viewer: Viewer, wanted: Wanted, now: datetime) -> dict[str, Count]:
    """Count the devices of each state (and of all: ""), the wanted state aside.

    The online ones are few and counted first; of the others only so many as can be counted
    in no time. What a search has found is counted together: to find it is what takes time.
    """
    if wanted.search:
        return _count_found(viewer, wanted, now)
    live = matching(viewer, replace(wanted, state=LIVE), now)
    live = live.add_columns(_presence(now)["ONLINE"].label("heard")).limit(LIVE_LIMIT)
    found = live.subquery()
    gone = matching(viewer, replace(wanted, state="OFFLINE"), now).limit(GONE_LIMIT).subquery()
    query = select(
        func.count().filter(found.c.heard),
        func.count().filter(not_(found.c.heard)),
        select(func.count()).select_from(gone).scalar_subquery(),
    ).select_from(found)
    online, unknown, offline = db.session.execute(query).one()
    cut_live, cut_gone = online + unknown == LIVE_LIMIT, offline == GONE_LIMIT
    return {
        "": Count(online + unknown + offline, cut_live or cut_gone),
        "ONLINE": Count(online, cut_live),
        "OFFLINE": Count(offline, cut_gone),
        "UNKNOWN": Count(unknown, cut_live),
    }


def _count_found(viewer: Viewer, wanted: Wanted, now: datetime) -> dict[str, Count]:
    states = {state: it for state, it in _presence(now).items() if state != LIVE}
    columns: list[Any] = [condition.label(state) for state, condition in states.items()]
    query = matching(viewer, replace(wanted, state=""), now).add_columns(*columns)
    found = query.limit(LIVE_LIMIT).subquery()
    counts = [func.count().filter(found.c[state]).label(state) for state in states]
    row = db.session.execute(select(func.count(), *counts)).one()
    return {
        state: Count(n, row[0] == LIVE_LIMIT) for state, n in zip(("", *states), row, strict=True)
    }


def get_device(viewer: Viewer, device_id: str, now: datetime) -> Row[Any]:
    """Return one device as in the list, or raise `NotFound`."""
    found = matching(viewer, Wanted(), now).where(WifiTokenDevice.id == device_id)
    query = _details(found, now)
    device = None if UNFIT.search(device_id) else db.session.execute(query).one_or_none()
    if device is None:
        raise NotFound("There is no such device.")
    return device


def list_sessions(device_id: str) -> Sequence[DeviceSession]:
    """Return the latest sessions of a device, newest first."""
    query = (
        select(DeviceSession)
        .where(DeviceSession.wifi_token_device_id == device_id)
        .order_by(DeviceSession.started_at.desc(), DeviceSession.id.desc())
        .limit(SESSIONS_SHOWN)
    )
    return db.session.scalars(query).all()


def list_tokens_of(viewer: Viewer, mac_address: str) -> Sequence[Row[Any]]:
    """Return the tokens that were used from a MAC address, newest first."""
    query = (
        _with_tokens(viewer)
        .join(Business, Business.id == WifiToken.business_id)
        .add_columns(
            WifiTokenDevice.first_seen,
            WifiTokenDevice.last_seen,
            WifiToken.token,
            WifiToken.plan_name.label("plan"),
            WifiToken.status,
            Business.name.label("business"),
            Business.timezone,
        )
        .where(WifiTokenDevice.mac_address == mac_address)
        .order_by(WifiTokenDevice.first_seen.desc(), WifiTokenDevice.id.desc())
        .limit(TOKENS_SHOWN)
    )
    return db.session.execute(query).all()


def list_hotspots(viewer: Viewer) -> Sequence[Hotspot]:
    """Return the hotspots that serve the viewer's businesses, by name."""
    query = select(Hotspot).order_by(Hotspot.name, Hotspot.id)
    if viewer.business_ids is not None:
        served = select(HotspotBusiness.hotspot_id).where(
            HotspotBusiness.business_id.in_(viewer.business_ids)
        )
        query = query.where(Hotspot.id.in_(served))
    return db.session.scalars(query).all()


def _presence(now: datetime) -> dict[str, SQLColumnExpression[bool]]:
    """Say when a device is in which state: the one place that knows."""
    told, online = is_told(now), WifiTokenDevice.is_online
    return {
        "ONLINE": and_(online, told),
        "UNKNOWN": and_(online, not_(told)),
        "OFFLINE": not_(online),
        LIVE: online,
    }


def _is_possible(state: str, now: datetime) -> ColumnElement[bool]:
    """Say at once, before any device is looked at, whether one can be in the state."""
    heard = is_heard(now)
    wanted = {"ONLINE": heard, "UNKNOWN": or_(not_(heard), Hotspot.is_manual)}
    if state not in wanted:
        return true()
    return select(Hotspot.id).where(wanted[state]).correlate(None).exists()


def matching(viewer: Viewer, wanted: Wanted, now: datetime) -> Select[Any]:
    """Select the ids of the wanted devices that the viewer may see."""
    query = _with_tokens(viewer).join(Hotspot, Hotspot.id == WifiToken.hotspot_id)
    for column, value in (
        (WifiToken.system, wanted.system),
        (WifiToken.business_id, wanted.business_id),
        (WifiToken.hotspot_id, wanted.hotspot_id),
    ):
        query = query.where(column == value) if value else query
    if wanted.state:
        query = query.where(_presence(now)[wanted.state], _is_possible(wanted.state, now))
    if wanted.hint:
        query = query.where(hints.conditions(now)[wanted.hint])
    if not wanted.search:
        return query
    is_live = wanted.state in ("ONLINE", "UNKNOWN", LIVE)
    return query.where(WifiTokenDevice.id.in_(found_by(wanted.search, is_live=is_live)))


def _with_tokens(viewer: Viewer) -> Select[Any]:
    """Select devices with their tokens, without those that the viewer has no part in."""
    query = select(WifiTokenDevice.id).join(
        WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id
    )
    if viewer.business_ids is None:
        return query
    return query.where(WifiToken.business_id.in_(viewer.business_ids))


def _details(query: Select[Any], now: datetime) -> Select[Any]:
    """Select all that is shown of the devices that `matching` selects."""
    states = {state: it for state, it in _presence(now).items() if state != LIVE}
    last = (
        select(*LAST_SESSION)
        .where(DeviceSession.wifi_token_device_id == WifiTokenDevice.id)
        .order_by(DeviceSession.started_at.desc())
        .limit(1)
        .lateral("last_session")
    )
    return (
        query.join(Business, Business.id == WifiToken.business_id)
        .outerjoin(DeviceProfile, PROFILE)
        .outerjoin(last, true())
        .with_only_columns(
            WifiTokenDevice.id,
            case(*((condition, state) for state, condition in states.items())).label("state"),
            told_at().label("heard_at"),
            WifiTokenDevice.mac_address.label("mac"),
            WifiTokenDevice.current_ip.label("ip"),
            WifiTokenDevice.first_seen,
            WifiTokenDevice.last_seen,
            WifiToken.token,
            WifiToken.plan_name.label("plan"),
            WifiToken.system,
            Business.name.label("business"),
            Business.timezone,
            Hotspot.name.label("hotspot"),
            DeviceProfile.hostname,
            DeviceProfile.device_type,
            WifiToken.status,
            WifiToken.business_id,
            WifiToken.hotspot_id,
            WifiTokenDevice.wifi_token_id,
            *(each.label(f"session_{name}") for name, each in last.c.items()),
        )
    )
