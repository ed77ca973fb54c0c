"""A push as a look at its hotspot: what it names, in the tables' own words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from wifiapp.hotspots.driver import Identity, SeenDevice, SeenToken, Sighting
from wifiapp.polling.state import Session
from wifiapp.tokens.codes import typed


@dataclass(frozen=True)
class Told:
    """What a portal says of a device; `token` is a code, however it is typed."""

    token: str
    device: SeenDevice


@dataclass(frozen=True)
class Taken:
    """What came of a push at `at`; `unknown` are the codes that the hotspot has no token for."""

    at: datetime
    unknown: frozenset[str]


def tokens_of(told: Iterable[Told], rows: Sequence[Any]) -> dict[str, Any]:
    """Return the token of each code that is known, as `push_queries.find_coded` found them.

    The very code counts first, then the only one that it may mean.
    """
    exact = {row.code: row for row in rows}
    alike: defaultdict[str, list[Any]] = defaultdict(list)
    for row in rows:
        alike[row.typed].append(row)
    found = {}
    for code in {each.token for each in told}:
        meant = [exact[code]] if code in exact else alike[typed(code)]
        if len(meant) == 1:
            found[code] = meant[0]
    return found


def sighting_of(
    told: Iterable[Told],
    tokens: Mapping[str, Any],
    at: datetime,
    looked_at: datetime | None,
    *,
    names_all: bool,
) -> Sighting:
    """Return the look; of two words on a device with a token the last one counts.

    Who used a token before `looked_at` would have been told of then.
    """
    devices: defaultdict[str, dict[str, SeenDevice]] = defaultdict(dict)
    rows = {row.code: row for row in tokens.values()}
    for each in told:
        if row := tokens.get(each.token):
            devices[row.code][each.device.mac] = each.device
    return Sighting(
        at,
        Identity(""),
        tuple(
            _used(rows[code], [*found.values()], at, looked_at) for code, found in devices.items()
        ),
        is_complete=False,
        pushed=True,
        names_all=names_all,
    )


def _used(
    row: Any, devices: Sequence[SeenDevice], at: datetime, looked_at: datetime | None
) -> SeenToken:
    """Return the token as used: its time runs from its first device on.

    A device may have been there long before, without it.
    """
    began = min(each.connected_at or each.last_seen or at for each in devices)
    first = row.first_used_at or min(at, max(began, row.since, looked_at or row.since))
    return SeenToken(
        row.code,
        "ACTIVE",
        first_used_at=first,
        expires_at=row.expires_at or first + timedelta(minutes=row.minutes),
        devices=tuple(devices),
    )


def not_less(seen: SeenDevice, base: Session) -> SeenDevice:
    """Return what was pushed of the same connection, which an older push that is late has less of.

    A poll cannot be late, and a counter that fell in one began anew.
    """
    return replace(
        seen,
        bytes_down=_most(seen.bytes_down, base.counter_down),
        bytes_up=_most(seen.bytes_up, base.counter_up),
    )


def _most(now: int | None, before: int | None) -> int | None:
    return now if now is None or before is None else max(now, before)
