"""What hotspots are told about devices: that one is kept out, or let in again."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.devices.blocks_models import DeviceBlock
from wifiapp.devices.models import DeviceSession, WifiTokenDevice
from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Driver
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox import Kind, Kinds, Work
from wifiapp.tokens.outbox_kinds import TOKEN_KINDS
from wifiapp.tokens.outbox_models import HotspotCommand


def in_force(hotspot_id: str, mac: str) -> DeviceBlock | None:
    """Return the block of a device at a hotspot, None when it is let in."""
    query = select(DeviceBlock).where(
        DeviceBlock.hotspot_id == hotspot_id,
        DeviceBlock.mac_address == mac,
        DeviceBlock.unblocked_at.is_(None),
    )
    return db.session.scalar(query)


def _work(command: HotspotCommand) -> Work:
    """Tell the device which one is meant, with the code that it was seen with last."""
    mac = command.mac_address or ""
    token = (
        select(WifiToken.token)
        .join(WifiTokenDevice, WifiTokenDevice.wifi_token_id == WifiToken.id)
        .where(WifiToken.hotspot_id == command.hotspot_id, WifiTokenDevice.mac_address == mac)
        .order_by(WifiTokenDevice.last_seen.desc())
        .limit(1)
    )
    return Work(command.id, mac, command.reason, command.called_at, db.session.scalar(token))


async def _block(box: Driver, works: Sequence[Work]) -> Mapping[str, None]:
    (work,) = works
    await box.block(work.target, work.reason, work.token)
    return {work.id: None}


async def _unblock(box: Driver, works: Sequence[Work]) -> Mapping[str, None]:
    (work,) = works
    await box.unblock(work.target)
    return {work.id: None}


def _blocked(actor: Actor, command: HotspotCommand, _result: None) -> None:
    now = clock.now()
    adding = insert(DeviceBlock).values(
        id=new_id(),
        business_id=command.business_id,
        hotspot_id=command.hotspot_id,
        mac_address=command.mac_address,
        reason=command.reason,
        blocked_by=actor.email,
        blocked_at=now,
    )
    db.session.execute(adding.on_conflict_do_nothing())  # told twice, blocked once
    hotspot = db.session.get_one(Hotspot, command.hotspot_id)
    if drivers.CAPABILITIES[hotspot.system].ends_running_sessions:
        _end_sessions(command)
    _note(actor, "block", command)


def _end_sessions(command: HotspotCommand) -> None:
    """Close what the device has thrown off by blocking."""
    now = clock.now()
    ids = (
        select(WifiTokenDevice.id)
        .join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .where(
            WifiToken.hotspot_id == command.hotspot_id,
            WifiTokenDevice.mac_address == command.mac_address,
            WifiTokenDevice.is_online,
        )
    )
    devices = list(db.session.scalars(ids))
    ending = update(DeviceSession).where(
        DeviceSession.wifi_token_device_id.in_(devices),
        DeviceSession.ended_at.is_(None),
        DeviceSession.started_at <= now,
    )
    db.session.execute(ending.values(ended_at=now, end_reason="BLOCKED"))
    leaving = update(WifiTokenDevice).where(WifiTokenDevice.id.in_(devices))
    db.session.execute(leaving.values(is_online=False))


def _unblocked(actor: Actor, command: HotspotCommand, _result: None) -> None:
    block = in_force(command.hotspot_id, command.mac_address or "")
    if block is not None:
        block.unblocked_at, block.unblocked_by = clock.now(), actor.email
    _note(actor, "unblock", command)


def _note(actor: Actor, verb: str, command: HotspotCommand) -> None:
    record(
        actor,
        f"device.{verb}",
        "hotspot",
        command.hotspot_id,
        business_id=command.business_id,
        change={"mac": command.mac_address, "reason": command.reason},
    )


BLOCK_KINDS: Kinds = {
    "BLOCK": Kind(_work, _block, _blocked),
    "UNBLOCK": Kind(_work, _unblock, _unblocked),
}
ALL_KINDS: Kinds = {**TOKEN_KINDS, **BLOCK_KINDS}
