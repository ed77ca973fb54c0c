"""Where the tokens of a plan are made: on a device that answers to us, or by hand."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.hotspots.calling import are_called
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.tokens.models import UNFINISHED, TokenBatch, TokenConfiguration


class Unfit(WifiError):
    """No tokens of this plan can be made for this hotspot; the message says why."""


def list_devices(plan: TokenConfiguration) -> Sequence[Hotspot]:
    """Return the devices that can make tokens of the plan, by name."""
    query = select(Hotspot).join(HotspotBusiness, HotspotBusiness.hotspot_id == Hotspot.id)
    query = query.where(HotspotBusiness.business_id == plan.business_id, are_called())
    query = query.where(Hotspot.system == plan.system).order_by(Hotspot.name, Hotspot.id)
    return db.session.scalars(query).all()


def find_device(plan: TokenConfiguration) -> Hotspot | None:
    """Return the device that makes the plan's tokens: the one named, or the only one."""
    devices = list_devices(plan)
    if plan.hotspot_id:
        return next((each for each in devices if each.id == plan.hotspot_id), None)
    return devices[0] if len(devices) == 1 else None


def called_among(hotspot_ids: Iterable[str]) -> set[str]:
    """Return those of the hotspots that are devices in use and answer to us."""
    query = select(Hotspot.id).where(Hotspot.id.in_(set(hotspot_ids)), are_called())
    return set(db.session.scalars(query))


def is_called(hotspot_id: str) -> bool:
    """Tell whether the hotspot is a device in use that answers to us."""
    return bool(called_among([hotspot_id]))


def room(hotspot: Hotspot) -> int | None:
    """Return how many more tokens may be asked of a device, None when nobody knows.

    What is being made for it already counts as made.
    """
    if hotspot.free_slots is None:
        return None
    missing = func.coalesce(func.sum(TokenBatch.asked - TokenBatch.made), 0)
    query = select(missing).where(
        TokenBatch.hotspot_id == hotspot.id, TokenBatch.status.in_(UNFINISHED)
    )
    return max(0, hotspot.free_slots - int(db.session.scalar(query) or 0))


def require_room(hotspot: Hotspot, count: int) -> None:
    """Raise `Unfit` when the device is known to have no room for so many more tokens."""
    left = room(hotspot)
    if left is not None and count > left:
        raise Unfit(
            f"{hotspot.name} has room for {left:,} more tokens, so {count:,} cannot be made. "
            "Nothing was made. Ask for fewer, or disable tokens there that nobody needs."
        )
