"""Every question asked before a hotspot is polled, and before a look is taken in."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    any_,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.orm import DictBundle

from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, DeviceSession, WifiTokenDevice
from wifiapp.hotspots.calling import are_called
from wifiapp.hotspots.driver import Sighting
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.hotspots.queries import SILENT_AFTER
from wifiapp.polling.state import Before, Device, Profile, Session, Token
from wifiapp.tokens.models import WifiToken

LIVE = ("UNUSED", "SOLD", "ACTIVE")
LONGEST_PAUSE = timedelta(minutes=15)  # longer only because a clock was set back

_DEVICE: DictBundle[Any] = DictBundle(
    "device",
    WifiTokenDevice.id,
    WifiTokenDevice.wifi_token_id.label("token_id"),
    WifiTokenDevice.mac_address.label("mac"),
    WifiTokenDevice.is_online,
    WifiTokenDevice.current_ip.label("ip"),
    WifiTokenDevice.first_seen,
    WifiTokenDevice.last_seen,
)
_OF_SESSION = [each.name for each in fields(Session) if each.name != "device_id"]


def due(now: datetime) -> Select[Hotspot]:
    """Select the hotspots whose turn it is, those that waited longest first."""
    at = Hotspot.next_poll_at
    is_due = or_(at.is_(None), at <= now, at > now + LONGEST_PAUSE)
    return called().where(is_due).order_by(at.asc().nulls_first())


def called() -> Select[Hotspot]:
    """Select the hotspots that are called at all."""
    return select(Hotspot).where(are_called())


def list_called() -> list[str]:
    """Return the ids of the hotspots that are polled, by name."""
    query = select(Hotspot.id).where(are_called()).order_by(Hotspot.name, Hotspot.id)
    return list(db.session.scalars(query))


def known_tokens(hotspot_id: str) -> dict[str, str]:
    """Return the codes that a complete listing of the hotspot should have, with their statuses.

    These are the tokens that it had before and that have not ended, and those with open sessions.
    """
    live = select(WifiToken.id).where(
        WifiToken.hotspot_id == hotspot_id,
        WifiToken.status.in_(LIVE),
        WifiToken.last_sync_at.is_not(None),
    )
    ids = union(live, _in_use(hotspot_id))
    query = select(WifiToken.token, WifiToken.status).where(WifiToken.id.in_(ids))
    return {row.token: row.status for row in db.session.execute(query)}


def patience_with(hotspot: Hotspot) -> timedelta:
    """Return for how long a device that is not seen may still be there."""
    return timedelta(seconds=max(3 * hotspot.poll_interval, SILENT_AFTER))


def before(hotspot: Hotspot, sighting: Sighting) -> Before:
    """Return the rows that a look may change."""
    codes = [each.code for each in sighting.tokens]
    # Of those whom a push does not name, it only ends who is with a token that is over.
    over_at = sighting.at if sighting.pushed and not sighting.names_all else None
    tokens = _tokens(hotspot.id, codes, over_at, all_live=sighting.is_complete)
    told = {each.code: each.devices for each in sighting.tokens if each.devices}
    devices = _devices(hotspot.id, [tokens[code].id for code in told if code in tokens], over_at)
    macs = {device.mac for seen in told.values() for device in seen}
    businesses = {token.business_id for token in tokens.values()}
    looked_at, patience = hotspot.last_contact_at, patience_with(hotspot)
    counts_from = looked_at
    if sighting.pushed:  # who came lately may be named in the second of two pushes
        lately = sighting.at - patience
        counts_from = min(looked_at or lately, lately)
    return Before(
        looked_at=looked_at,
        counts_from=counts_from,
        patience=patience,
        tokens=tokens,
        devices=devices,
        profiles=_profiles(businesses, macs),
    )


def served_by(hotspot_id: str) -> dict[str, str | None]:
    """Return the businesses that the hotspot serves, each with its SSID."""
    query = select(HotspotBusiness.business_id, HotspotBusiness.ssid)
    rows = db.session.execute(query.where(HotspotBusiness.hotspot_id == hotspot_id))
    return {row.business_id: row.ssid for row in rows}


def _tokens(
    hotspot_id: str, codes: list[str], over_at: datetime | None, *, all_live: bool
) -> dict[str, Token]:
    """Return the tokens of these codes, those with open sessions, and all that have not ended."""
    own = select(WifiToken.id).where(WifiToken.hotspot_id == hotspot_id)
    parts = [own.where(_among(WifiToken.token, codes)), _in_use(hotspot_id, over_at)]
    ids = union(*parts, *([own.where(WifiToken.status.in_(LIVE))] if all_live else []))
    query = select(
        WifiToken.id,
        WifiToken.token.label("code"),
        WifiToken.business_id,
        WifiToken.status,
        WifiToken.created_at,
        WifiToken.device_name.label("name"),
        WifiToken.redeem_by,
        WifiToken.first_used_at,
        WifiToken.expires_at,
        WifiToken.ended_at,
        WifiToken.end_reason,
        WifiToken.used_down_mb,
        WifiToken.used_up_mb,
        WifiToken.last_sync_at,
    ).where(WifiToken.id.in_(ids))
    found = (Token(*row) for row in db.session.execute(query))
    return {token.code: token for token in found}


def _in_use(hotspot_id: str, over_at: datetime | None = None) -> Select[str]:
    """Select the ids of the tokens with a session that has not ended; some that are over then."""
    query = (
        select(WifiTokenDevice.wifi_token_id)
        .join(DeviceSession, DeviceSession.wifi_token_device_id == WifiTokenDevice.id)
        .where(DeviceSession.hotspot_id == hotspot_id, DeviceSession.ended_at.is_(None))
    )
    return query if over_at is None else _only_over(query, over_at)


def _only_over(query: Select[str], at: datetime) -> Select[str]:
    """Leave only the devices of tokens whose time is over."""
    is_over = or_(WifiToken.status.not_in(LIVE), WifiToken.expires_at <= at)
    return query.join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id).where(is_over)


def _devices(
    hotspot_id: str, token_ids: list[str], over_at: datetime | None
) -> dict[str, dict[str, Device]]:
    """Return the devices of the tokens, and those with open sessions, with their latest one."""
    running = select(DeviceSession.wifi_token_device_id).where(
        DeviceSession.hotspot_id == hotspot_id, DeviceSession.ended_at.is_(None)
    )
    if over_at is not None:
        of_device = WifiTokenDevice.id == DeviceSession.wifi_token_device_id
        running = _only_over(running.join(WifiTokenDevice, of_device), over_at)
    last = (
        select(DeviceSession)
        .where(DeviceSession.wifi_token_device_id == WifiTokenDevice.id)
        .order_by(DeviceSession.ended_at.desc().nulls_first(), DeviceSession.started_at.desc())
        .limit(1)
        .lateral("last_session")
    )
    ids = union(
        select(WifiTokenDevice.id).where(_among(WifiTokenDevice.wifi_token_id, token_ids)),
        running,
    )
    query = (
        select(_DEVICE, DictBundle("session", *(last.c[name] for name in _OF_SESSION)))
        .select_from(WifiTokenDevice)
        .outerjoin(last, true())
        .where(WifiTokenDevice.id.in_(ids))
    )
    found: defaultdict[str, dict[str, Device]] = defaultdict(dict)
    for row in db.session.execute(query):
        session = Session(device_id=row.device["id"], **row.session) if row.session["id"] else None
        device = Device(**row.device, session=session)
        found[device.token_id][device.mac] = device
    return found


def _profiles(businesses: Iterable[str], macs: Collection[str]) -> dict[tuple[str, str], Profile]:
    columns = (
        DeviceProfile.business_id,
        DeviceProfile.mac_address,
        DeviceProfile.hostname,
        DeviceProfile.device_type,
        DeviceProfile.created_at,
    )
    query = select(*columns).where(
        _among(DeviceProfile.business_id, businesses), _among(DeviceProfile.mac_address, macs)
    )
    found = (Profile(*row) for row in db.session.execute(query)) if macs else ()
    return {(profile.business_id, profile.mac): profile for profile in found}


def _among(column: SQLColumnExpression[str], values: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that the column is one of the values, as one array."""
    return column == any_(literal(list(values), ARRAY(Text)))
