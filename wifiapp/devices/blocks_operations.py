"""Keeping a device out of a whole hotspot, and letting it in again."""

from sqlalchemy import select

from wifiapp.access import Actor, Viewer
from wifiapp.db import db
from wifiapp.devices import blocks
from wifiapp.devices.models import WifiTokenDevice
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots import drivers
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens import homes, outbox
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox_models import HotspotCommand

LONGEST_REASON = 31  # characters that a device keeps


class InvalidReason(WifiError):
    """The reason is missing or too long."""


class CannotBlock(WifiError):
    """The hotspot cannot keep devices out, or it is not to be done now; says why."""


def block_device(actor: Actor, device_id: str, reason: str) -> HotspotCommand:
    """Have a device kept out of its whole hotspot, whatever token it has.

    Returns the command, which the worker does within a second, or `outbox_operations.try_now`
    at once. Raises `CannotBlock`, `InvalidReason`, `Waiting`, `NotFound`.
    """
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InvalidReason(f"A reason of 1 to {LONGEST_REASON} characters is needed.")
    device, token = _found(device_id)
    if blocks.in_force(token.hotspot_id, device.mac_address):
        raise CannotBlock("This device is blocked already. Nothing was done.")
    return _ask(actor, "BLOCK", reason, device, token)


def unblock_device(actor: Actor, viewer: Viewer, device_id: str) -> HotspotCommand:
    """Have a device let in again; returns and raises what `block_device` does.

    A block is lifted for the business that asked for it, since it holds for all the others too.
    """
    device, token = _found(device_id)
    block = blocks.in_force(token.hotspot_id, device.mac_address)
    if block is None:
        raise CannotBlock("This device is not blocked. Nothing was done.")
    if not viewer.sees(block.business_id):
        raise CannotBlock(
            "Another business on this hotspot keeps the device out, and has to let it in. "
            "Nothing was done."
        )
    return _ask(actor, "UNBLOCK", "let in again", device, token)


def _found(device_id: str) -> tuple[WifiTokenDevice, WifiToken]:
    """Return a device and its token, their hotspot held; raises `CannotBlock`, `NotFound`."""
    query = (
        select(WifiTokenDevice, WifiToken)
        .join(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .where(WifiTokenDevice.id == device_id)
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such device.")
    device, token = found
    hotspot = db.session.get_one(Hotspot, token.hotspot_id, with_for_update={"key_share": True})
    able = drivers.CAPABILITIES.get(hotspot.system)
    if able is None or not able.can_block:
        raise CannotBlock(f"{hotspot.name} cannot keep devices out. Nothing was done.")
    if not homes.is_called(hotspot.id):
        raise CannotBlock(f"{hotspot.name} is not called from here. Block the device on it.")
    return device, token


def _ask(
    actor: Actor, kind: str, reason: str, device: WifiTokenDevice, token: WifiToken
) -> HotspotCommand:
    command = outbox.add(
        actor,
        kind,
        reason,
        business_id=token.business_id,
        hotspot_id=token.hotspot_id,
        mac=device.mac_address,
    )
    db.session.commit()
    return command
