"""What the page of one device asks beside its row; the caller has seen that it may be shown."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import aliased

from wifiapp.db import db
from wifiapp.devices import hints
from wifiapp.devices.blocks_models import DeviceBlock
from wifiapp.devices.mac import is_private
from wifiapp.devices.models import DeviceProfile, DeviceSession, WifiTokenDevice
from wifiapp.hotspots.calling import are_called
from wifiapp.hotspots.models import Hotspot, HotspotOutage
from wifiapp.paging import stream
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox_models import HotspotCommand


def list_since(device_id: str, since: datetime) -> Sequence[DeviceSession]:
    """Return the sessions that were not over at `since`, the first one first."""
    query = select(DeviceSession).where(
        DeviceSession.wifi_token_device_id == device_id,
        or_(DeviceSession.ended_at.is_(None), DeviceSession.ended_at > since),
    )
    return db.session.scalars(query.order_by(DeviceSession.started_at)).all()


def list_outages_since(hotspot_id: str, since: datetime) -> Sequence[HotspotOutage]:
    """Return the outages of a hotspot that were not over at `since`, the first one first."""
    query = select(HotspotOutage).where(
        HotspotOutage.hotspot_id == hotspot_id,
        or_(HotspotOutage.ended_at.is_(None), HotspotOutage.ended_at > since),
    )
    return db.session.scalars(query.order_by(HotspotOutage.started_at)).all()


def stream_sessions(device_id: str) -> Iterator[Row[Any]]:
    """Yield all sessions of a device, newest first."""
    query = select(DeviceSession).where(DeviceSession.wifi_token_device_id == device_id)
    return stream(query.order_by(DeviceSession.started_at.desc(), DeviceSession.id.desc()))


def is_device(hotspot_id: str) -> bool:
    """Tell whether the hotspot is called, so that it can be told to keep a device out."""
    query = select(Hotspot.id).where(Hotspot.id == hotspot_id, are_called())
    return db.session.scalar(query) is not None


def find_block(hotspot_id: str, mac_address: str) -> DeviceBlock | None:
    """Return the block of a device at a hotspot, None when it is let in."""
    query = select(DeviceBlock).where(
        DeviceBlock.hotspot_id == hotspot_id,
        DeviceBlock.mac_address == mac_address,
        DeviceBlock.unblocked_at.is_(None),
    )
    return db.session.scalar(query)


def find_pending(hotspot_id: str, mac_address: str) -> HotspotCommand | None:
    """Return what the hotspot is still to be told about the device, or None."""
    query = select(HotspotCommand).filter_by(
        hotspot_id=hotspot_id, mac_address=mac_address, status="PENDING"
    )
    return db.session.scalar(query)


def list_probably_same(device: Any) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return devices of the same token that are probably this one with another private address.

    A phone that changes its address is called the same, and comes after the old one has gone.
    """
    if not (is_private(device.mac) and device.hostname):
        return []
    other, profile = aliased(WifiTokenDevice), aliased(DeviceProfile)
    query = (
        select(other.id, other.mac_address.label("mac"), other.first_seen, other.last_seen)
        .join(
            profile,
            and_(
                profile.business_id == device.business_id,
                profile.mac_address == other.mac_address,
            ),
        )
        .where(
            other.wifi_token_id == device.wifi_token_id,
            other.id != device.id,
            profile.hostname == device.hostname,
            func.substr(other.mac_address, 2, 1).in_(tuple("26AE")),
            or_(other.last_seen <= device.first_seen, other.first_seen >= device.last_seen),
        )
        .order_by(other.first_seen, other.id)
    )
    return db.session.execute(query).all()


def list_hints(device_id: str, now: datetime) -> list[str]:
    """Return the names of the hints that are about the device."""
    about = [each.label(name) for name, each in hints.conditions(now).items()]
    query = (
        select(*about)
        .select_from(WifiTokenDevice)
        .join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .where(WifiTokenDevice.id == device_id)
    )
    row = db.session.execute(query).mappings().one()
    return [name for name, is_so in row.items() if is_so]
