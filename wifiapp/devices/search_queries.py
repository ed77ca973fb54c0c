"""Which devices a search may mean, in SQL."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, exists, false, or_, select, union
from sqlalchemy.orm import aliased

from wifiapp.devices import mac
from wifiapp.devices.models import DeviceProfile, WifiTokenDevice, mac_pieces
from wifiapp.devices.search import Search
from wifiapp.tokens import codes
from wifiapp.tokens.models import WifiToken, as_typed


def found_by(search: Search, *, is_live: bool) -> CompoundSelect[Any]:
    """Select the ids of the devices that a search may mean, or of those of them that are online.

    Each reading finds its devices by an index of its own, or among the few that are online, which
    they could not do together; PostgreSQL leaves out the join where a reading does not use it.
    """
    source = (
        select(WifiTokenDevice.id)
        .outerjoin(WifiToken, WifiToken.id == WifiTokenDevice.wifi_token_id)
        .correlate(None)
    )
    if is_live:
        source = source.where(WifiTokenDevice.is_online)
    return union(*(source.where(reading) for reading in _readings(search)))


def _readings(search: Search) -> Iterator[ColumnElement[bool]]:
    """Yield the condition of each thing that a search may mean."""
    if of_addresses := list(_addresses(search)):
        yield or_(*of_addresses)  # together: what no index helps reads the devices once
    if search.token:
        typed = codes.typed(search.token)
        yield as_typed.like(_escaped(typed) + "%") if typed else false()
    if search.hostname:
        named = aliased(DeviceProfile)  # the other one is joined to show the name
        yield exists().where(
            named.business_id == WifiToken.business_id,
            named.mac_address == WifiTokenDevice.mac_address,
            named.hostname.ilike(f"%{_escaped(search.hostname)}%"),
        )


def _addresses(search: Search) -> Iterator[ColumnElement[bool]]:
    column, ip = WifiTokenDevice.mac_address, WifiTokenDevice.current_ip
    if search.mac and len(search.mac) == mac.DIGITS:
        yield column == mac.spellings(search.mac)[0]
    elif search.mac:
        yield from map(_has_part, mac.spellings(search.mac))
    if search.ip:
        yield ip == search.ip if search.whole_ip else ip.like(_escaped(search.ip) + "%")


def _has_part(spelling: str) -> ColumnElement[bool]:
    """Ask for an address with this part; by an index, unless it is too short for a piece."""
    is_in = WifiTokenDevice.mac_address.like(f"%{spelling}%")
    pieces = mac.pieces(spelling)
    return and_(mac_pieces.contains(pieces), is_in) if pieces else is_in


def _escaped(text: str) -> str:
    """Take the special meaning from the signs of a LIKE pattern."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
