"""The call that has a device make some tokens of a batch.

It is written down before it is made, and counted when it has ended. Whoever is killed in between
leaves a call of which nobody knows what came of it; before anything else is made of the batch,
that is found out. All of it happens in the hotspot's turn; the caller commits.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from wifiapp import clock
from wifiapp.db import db
from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Driver, Made, MadeToken, Order, SeenToken, Unreachable
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.tokens import batches, codes
from wifiapp.tokens.models import TokenBatch, WifiToken

KEPT = timedelta(days=2)  # that an ended token may still be on its device
LIVE = ("UNUSED", "SOLD", "ACTIVE")
Question = Callable[[Driver], Awaitable[Made]]


def begin(batch: TokenBatch, hotspot: Hotspot, count: int) -> Question:
    """Write a call for at most `count` tokens down; return what to ask once that is committed."""
    able = drivers.CAPABILITIES[hotspot.system]
    batch.called_at = clock.now()
    batch.called_for = min(count, able.max_batch)
    batch.called_codes = None if able.chooses_codes else _fresh_codes(batch)
    order = _order(batch)
    return lambda box: box.make(order)


def settle(batch: TokenBatch) -> Question:
    """Return what to ask to know what the call that was written down has made.

    Where codes are ours it is looked for them, else for the business's tokens that are unused,
    alike and unknown here.
    """
    order, names = _order(batch), tuple(batch.called_codes or ())

    async def ask(box: Driver) -> Made:
        if names:
            return Made(_made((await box.find(names)).values()))
        seen = await box.look(())
        if not seen.is_complete:
            raise Unreachable("It did not list all of its tokens.")
        found = [each for each in seen.tokens if _is_of(order, each)]
        return Made(_made(found[: order.count]), free_slots=seen.identity.free_slots)

    return ask


def end(batch: TokenBatch, hotspot: Hotspot, made: Made) -> Sequence[str]:
    """Count what a call has made; return the ids of the tokens.

    When its answer was lost, the rest of the call stays to be found out.
    """
    ids = batches.put_made(batch, made.tokens)
    batch.made = min(batch.asked, batch.made + len(ids))
    there = {each.code for each in made.tokens}
    open_codes = [each for each in batch.called_codes or () if each not in there]
    rest = batch.called_for - len(there)
    if isinstance(made.error, Unreachable) and rest > 0:
        batch.called_for, batch.called_codes = rest, open_codes or None
    else:
        batch.called_at, batch.called_for, batch.called_codes = None, 0, None
    if made.free_slots is not None:
        hotspot.free_slots = made.free_slots
    return ids


def _order(batch: TokenBatch) -> Order:
    """Return the call as it was written down, as the device understands it."""
    ssid = db.session.scalar(
        select(HotspotBusiness.ssid).filter_by(
            hotspot_id=batch.hotspot_id, business_id=batch.business_id
        )
    )
    return Order(
        business_id=batch.business_id,
        count=batch.called_for,
        minutes=batch.duration_minutes,
        ssid=ssid,
        download_mb=batch.download_mb,
        upload_mb=batch.upload_mb,
        devices=batch.device_limit,
        codes=tuple(batch.called_codes or ()),
        known=frozenset(_known(batch.hotspot_id, clock.now())),
    )


def _known(hotspot_id: str, now: datetime) -> Iterable[str]:
    """Return our codes that the device may have."""
    query = select(WifiToken.token).where(WifiToken.hotspot_id == hotspot_id)
    may_be_there = or_(WifiToken.status.in_(LIVE), WifiToken.updated_at > now - KEPT)
    return db.session.scalars(query.where(may_be_there))


def _fresh_codes(batch: TokenBatch) -> list[str]:
    """Draw codes that the hotspot has never had."""
    drawn: set[str] = set()
    while len(drawn) < batch.called_for:
        more = {codes.make() for _ in range(batch.called_for - len(drawn))}
        query = select(WifiToken.token).where(WifiToken.hotspot_id == batch.hotspot_id)
        drawn |= more - set(db.session.scalars(query.where(WifiToken.token.in_(more))))
    return sorted(drawn)


def _is_of(order: Order, seen: SeenToken) -> bool:
    return (
        seen.state == "UNUSED"
        and seen.business_id in {None, order.business_id}
        and seen.minutes in {None, order.minutes}
        and seen.code not in order.known
    )


def _made(seen: Iterable[SeenToken]) -> tuple[MadeToken, ...]:
    return tuple(MadeToken(each.code, each.name, each.redeem_by) for each in seen)
