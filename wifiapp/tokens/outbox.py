"""What is asked of hotspots and done by them before our rows say so.

A command is a row until its hotspot has done it, so that a silent hotspot, a lost answer or a
killed process delays it and loses nothing. A kind of command says how it is done on a device and
what is written then; all of them can be done twice.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from wifiapp.access import Actor
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.hotspots.driver import Driver
from wifiapp.tokens.outbox_models import HotspotCommand

WORDS = {
    "DISABLE": "Disable",
    "EXPIRE": "Expire",
    "EXTEND": "Begin its time anew",
    "BLOCK": "Block",
    "UNBLOCK": "Let in again",
}


class Waiting(WifiError):
    """Something else is wanted of the same token or device and not done yet."""


class Work(NamedTuple):
    """What a device is told: `target` is a code or a MAC address, `token` a code that goes with it.

    `called_at` is when it was first told so, None before: what it did since may have been for us.
    """

    id: str
    target: str
    reason: str
    called_at: datetime | None
    token: str | None = None


class Kind(NamedTuple):
    """How commands of a kind are done, `most` at once.

    `work` says what the device is told; `act` tells it and returns a result for each id that is
    certainly done, or raises `HotspotError`; `done` writes that into our rows.
    """

    work: Callable[[HotspotCommand], Work]
    act: Callable[[Driver, Sequence[Work]], Awaitable[Mapping[str, Any]]]
    done: Callable[[Actor, HotspotCommand, Any], None]
    most: int = 1


Kinds = Mapping[str, Kind]


def add(
    actor: Actor,
    kind: str,
    reason: str,
    *,
    business_id: str,
    hotspot_id: str,
    token_id: str | None = None,
    mac: str | None = None,
) -> HotspotCommand:
    """Add a command to the transaction under way, or return the same one that waits already.

    The row of the token, or of the hotspot, has to be held. Raises `Waiting`.
    """
    before = _find_waiting(hotspot_id, token_id, mac)
    if before is not None and before.kind == kind:
        return before
    if before is not None:
        raise Waiting(
            f"“{WORDS[before.kind]}” waits for its hotspot already. Nothing more was asked. "
            "Cancel that first."
        )
    command = HotspotCommand(
        id=new_id(),
        business_id=business_id,
        hotspot_id=hotspot_id,
        wifi_token_id=token_id,
        mac_address=mac,
        kind=kind,
        reason=reason,
        created_by=actor.email,
    )
    db.session.add(command)
    db.session.flush()
    return command


def _find_waiting(hotspot_id: str, token_id: str | None, mac: str | None) -> HotspotCommand | None:
    """Return the command for the token, or else for the device, that is not done yet."""
    query = select(HotspotCommand).where(
        HotspotCommand.status == "PENDING", HotspotCommand.hotspot_id == hotspot_id
    )
    if token_id:
        query = query.where(HotspotCommand.wifi_token_id == token_id)
    else:
        query = query.where(HotspotCommand.mac_address == mac)
    return db.session.scalar(query)
