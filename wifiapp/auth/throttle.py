"""Tries to sign in, counted in the database so that all web workers count together.

A stranger's tries are counted for the account and for the address they come from. A browser in
which somebody has signed in to the account before has a counter of its own instead, so that
strangers who keep trying never lock the owner out of the till (see `sessions.known_browser`).
A window ends 15 minutes after its first try, however many follow. Other counters, such as those of
programs, may have a shorter one.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from wifiapp.auth.models import RateLimit
from wifiapp.db import db

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 20


@dataclass(frozen=True)
class Count:
    """How often a key was used in its window; `wait` is the seconds until the window ends."""

    key: str
    hits: int
    limit: int
    wait: int

    @property
    def exceeded(self) -> bool:
        return self.hits > self.limit


def account_digest(email: str) -> str:
    """Name an account in keys and cookies without telling it: 32 hexadecimal digits."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]


def sign_in_limits(email: str, ip: str | None, browser: str | None) -> dict[str, int]:
    """Return the keys of a try and how often each may be used in a window."""
    digest = account_digest(email)
    if browser:
        return {f"sign-in:browser:{browser}:{digest}": PER_ACCOUNT}
    return {
        f"sign-in:account:{digest}": PER_ACCOUNT,
        f"sign-in:address:{_network(ip)}": PER_ADDRESS,
    }


def count(limits: Mapping[str, int], now: datetime, window: timedelta = WINDOW) -> list[Count]:
    """Count one try for each key, in one statement that no other worker can come between."""
    over = RateLimit.window_start <= now - window
    # In one order for everybody: two tries at once wait for each other, and never in a circle.
    rows = [{"key": key, "window_start": now, "hits": 1} for key in sorted(limits)]
    query = (
        insert(RateLimit)
        .values(rows)
        .on_conflict_do_update(
            index_elements=[RateLimit.key],
            set_={
                RateLimit.hits: case((over, 1), else_=RateLimit.hits + 1),
                RateLimit.window_start: case((over, now), else_=RateLimit.window_start),
            },
        )
        .returning(RateLimit.key, RateLimit.hits, RateLimit.window_start)
    )
    return [
        Count(key, hits, limits[key], max(1, round((start + window - now).total_seconds())))
        for key, hits, start in db.session.execute(query)
    ]


def give_back(keys: Iterable[str]) -> None:
    """Take back a try that succeeded: only failures fill the counter of an address."""
    for key in keys:
        if ":address:" in key:
            query = update(RateLimit).where(RateLimit.key == key, RateLimit.hits > 0)
            db.session.execute(query.values(hits=RateLimit.hits - 1))
        else:
            db.session.execute(delete(RateLimit).where(RateLimit.key == key))


def forget_account(email: str) -> None:
    """Let strangers' browsers try the account again at once."""
    key = f"sign-in:account:{account_digest(email)}"
    db.session.execute(delete(RateLimit).where(RateLimit.key == key))


def clean(now: datetime) -> None:
    """Delete the counters whose window is over, without waiting for one that is in use."""
    old = select(RateLimit.key).where(RateLimit.window_start <= now - WINDOW)
    locked = old.with_for_update(skip_locked=True)
    db.session.execute(delete(RateLimit).where(RateLimit.key.in_(locked)))


def _network(ip: str | None) -> str:
    """Return the address, or of IPv6 the /64 that one household has to itself."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return "unknown"
    if address.version == 4:  # noqa: PLR2004 - the version of IP
        return str(address)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
