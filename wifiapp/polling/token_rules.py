"""How a token goes on after a look: the rules, without a table."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from wifiapp.hotspots.driver import SeenToken
from wifiapp.polling.state import NEAR, Growth, Token
from wifiapp.tokens.states import Event, after, is_possible

LOST = "Its hotspot does not know it any more, as after a loss of power."
ENDED_EARLY = "Its hotspot ended it before its time, as when its volume is used up."
MEGABYTE = 1_000_000
CENT = Decimal("0.01")


def token_seen(token: Token, seen: SeenToken, at: datetime) -> Token:
    """Return the token after a look that showed it."""
    changed = _read(token, seen, at)
    was_used = seen.state == "ACTIVE" or (seen.state == "EXPIRED" and seen.first_used_at)
    if was_used and is_possible(changed.status, Event.USE):
        first = changed.first_used_at or seen.first_used_at or at
        used = after(changed.status, Event.USE)
        changed = replace(changed, status=used, first_used_at=min(first, at))
    if seen.state == "EXPIRED" and is_possible(changed.status, Event.EXPIRE):
        changed = _expired(changed, at)
    if changed == token and token.last_sync_at is not None:
        return token  # what lies in stock is not written at every look
    return replace(changed, last_sync_at=at)


def token_missing(token: Token, at: datetime) -> Token:
    """Return the token after a complete look that did not show it.

    One that was never on the hotspot is not missing there.
    """
    if token.last_sync_at is None or not is_possible(token.status, Event.EXPIRE):
        return token
    end = token.expires_at if token.status == "ACTIVE" else token.redeem_by
    if end is not None and end <= at + NEAR:
        return replace(token, status=after(token.status, Event.EXPIRE))
    lost = after(token.status, Event.LOSE)
    return replace(token, status=lost, ended_at=at, end_reason=LOST)


def is_lost(before: Token, now: Token) -> bool:
    """Tell whether the hotspot has lost the token rather than ended it in its time."""
    return before != now and now.end_reason == LOST


def over_at(token: Token, at: datetime) -> datetime | None:
    """Return when the token's time was over, None while it is not."""
    end = token.ended_at or token.expires_at
    if token.status in {"EXPIRED", "DISABLED"}:
        return min(end, at) if end else at
    return end if end and end <= at else None


def growth(token: Token, seen: SeenToken, looked_at: datetime | None) -> Growth | None:
    """Return by how much the token's own counters grew; None when it has none.

    A counter that fell began anew. One seen for the first time counts if it began after the last
    look: what ran before, nobody knows when.
    """
    if seen.bytes_down is None and seen.bytes_up is None:
        return None
    begun = (seen.first_used_at, token.created_at)
    is_new = looked_at is not None and any(moment and moment > looked_at for moment in begun)
    if token.last_sync_at is None and not is_new:
        return Growth()
    return Growth(
        _grown(token.used_down_mb, seen.bytes_down), _grown(token.used_up_mb, seen.bytes_up)
    )


def _read(token: Token, seen: SeenToken, at: datetime) -> Token:
    """Take over what the hotspot says of the token, its state aside."""
    new: dict[str, Any] = {}
    if seen.name and seen.name != token.name:
        new["name"] = seen.name
    if seen.bytes_down is not None:
        new["used_down_mb"] = _megabytes(seen.bytes_down)
    if seen.bytes_up is not None:
        new["used_up_mb"] = _megabytes(seen.bytes_up)
    is_open = is_possible(token.status, Event.EXPIRE)
    if is_open and seen.state != "UNUSED" and _is_another(token.expires_at, seen.expires_at):
        new["expires_at"] = seen.expires_at
    if is_open and seen.state == "UNUSED" and _is_another(token.redeem_by, seen.redeem_by):
        new["redeem_by"] = seen.redeem_by
    if seen.first_used_at and token.first_used_at is None:
        new["first_used_at"] = min(seen.first_used_at, at)
    return replace(token, **new)


def _expired(token: Token, at: datetime) -> Token:
    """End the token; before its time, it says when and why."""
    is_early = token.status == "ACTIVE" and (
        token.expires_at is None or token.expires_at > at + NEAR
    )
    ended = replace(token, status=after(token.status, Event.EXPIRE))
    return replace(ended, ended_at=at, end_reason=ENDED_EARLY) if is_early else ended


def _is_another(known: datetime | None, said: datetime | None) -> bool:
    return said is not None and (known is None or abs(said - known) > NEAR)


def _grown(before_mb: Decimal, counter: int | None) -> int:
    if counter is None:
        return 0
    now_mb = _megabytes(counter)
    return int((now_mb - before_mb if now_mb >= before_mb else now_mb) * MEGABYTE)


def _megabytes(count: int) -> Decimal:
    return (Decimal(count) / MEGABYTE).quantize(CENT)
