"""Making tokens on devices: call by call, each one written down, made, and counted.

One process at a time talks with a hotspot, which is its turn: so a call that is written down
and not counted was left by somebody who was killed or got no answer, and is settled first. A
silent hotspot makes its batches wait and changes nothing else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from wifiapp import clock
from wifiapp.access import WORKER, Actor
from wifiapp.db import db
from wifiapp.hotspots.calling import access_to_change
from wifiapp.hotspots.driver import Busy, Full, HotspotError, Incapable, Made, Rejected, Unreachable
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.talking import Step, take, take_each
from wifiapp.hotspots.turns import turn
from wifiapp.tokens import batches, calls
from wifiapp.tokens.models import UNFINISHED, TokenBatch

PATIENCE = 30.0  # seconds that a command waits for it
FIRST_PAUSE, LONGEST_PAUSE = 10, 300  # seconds before a silent hotspot is asked again

STAY = "{made} of {asked} tokens were made and can be sold."
FULL = (
    "{name} is full: it has room for {free} more tokens. {stay} Disable some, then make the rest."
)
GONE = "{name} is not in use any more. {stay}"


def run_due(stop: Event) -> Mapping[str, Any] | None:
    """Make a call for each hotspot that tokens are wanted of; None when nothing was done.

    The hotspots are talked with side by side; one that others talk with is left for the next run.
    """
    made = take_each(lambda: _list_due(clock.now()), stop)
    return None if made is None else {"tokens": made}


def make_now(actor: Actor, batch: TokenBatch) -> bool:
    """Make the next tokens of a batch of a device; tell whether there is more to be made now.

    Raises `Busy` when others talk with the hotspot for long.
    """
    with turn(batch.hotspot_id, PATIENCE):
        take(_step(actor, batch.id, batch.hotspot_id))
    db.session.refresh(batch)
    return batch.status in UNFINISHED and batch.waits_until is None


def _list_due(now: datetime) -> list[tuple[str, Callable[[], Step]]]:
    """Return the devices that are due, those that were not silent first, with what is to be done.

    Of each it is the oldest batch.
    """
    query = (
        select(TokenBatch.id, TokenBatch.hotspot_id, TokenBatch.failures)
        .join(Hotspot, Hotspot.id == TokenBatch.hotspot_id)
        .where(
            ~Hotspot.is_manual,
            or_(TokenBatch.status.in_(UNFINISHED), TokenBatch.called_at.is_not(None)),
            or_(TokenBatch.waits_until.is_(None), TokenBatch.waits_until <= now),
        )
        .ext(distinct_on(TokenBatch.hotspot_id))
        .order_by(TokenBatch.hotspot_id, TokenBatch.created_at, TokenBatch.id)
    )
    found = sorted(db.session.execute(query), key=lambda row: row.failures)
    db.session.rollback()
    return [(row.hotspot_id, partial(_step, WORKER, row.id, row.hotspot_id)) for row in found]


def _step(actor: Actor, batch_id: str, hotspot_id: str) -> Step:
    """Make one call for the batch, or settle the last one; return how many tokens came of it."""
    batch = batches.held(batch_id)
    hotspot = db.session.get_one(Hotspot, hotspot_id, populate_existing=True)
    if not hotspot.is_active and batch.called_at is None:
        return _end_unused(actor, batch, hotspot)
    try:
        access = access_to_change(hotspot)
    except HotspotError as error:
        return _put_off(batch, hotspot, error)
    settles = batch.called_at is not None
    if settles:
        question = calls.settle(batch)
    elif batch.status in UNFINISHED and batch.source != "SPOT":
        question = calls.begin(batch, hotspot, batch.asked - batch.made)
        batch.status, batch.started_at = "RUNNING", batch.started_at or clock.now()
    else:  # somebody was faster
        db.session.rollback()
        return 0
    db.session.commit()
    try:
        made = yield access, question
    except HotspotError as error:
        made = Made((), error)
    return _count(actor, batch_id, hotspot_id, made, settles=settles)


def _count(actor: Actor, batch_id: str, hotspot_id: str, made: Made, *, settles: bool) -> int:
    """Write down what a call has come to; one that `settles` another may come to nothing."""
    batch = batches.held(batch_id)
    hotspot = db.session.get_one(Hotspot, hotspot_id, populate_existing=True)
    new = len(calls.end(batch, hotspot, made))
    if batch.made == batch.asked:
        batches.finish(actor, batch, "DONE")
    elif batch.status not in UNFINISHED:
        batch.waits_until = _later(batch) if batch.called_at else None
    elif isinstance(made.error, (Full, Rejected, Incapable)):
        batches.finish(actor, batch, "FAILED", words(batch, hotspot, made.error))
    elif batch.source == "SPOT" and batch.called_at is None:
        batches.finish(actor, batch, "FAILED", "It was not made while the customer waited.")
    elif made.error or not (new or settles):
        return _put_off(batch, hotspot, made.error) or new
    else:
        batch.error, batch.waits_until, batch.failures = None, None, 0
    db.session.commit()
    return new


def words(batch: TokenBatch, hotspot: Hotspot, error: HotspotError | None) -> str:
    """Say why tokens are missing and what becomes of them."""
    stay = STAY.format(made=batch.made, asked=batch.asked)
    if isinstance(error, Full):
        return FULL.format(name=hotspot.name, free=error.free_slots, stay=stay)
    if isinstance(error, (Rejected, Incapable)):
        return f"{hotspot.name} refuses: {error} {stay}"
    if isinstance(error, Unreachable):
        return f"{hotspot.name} does not answer: {error} {stay} The rest is made when it does."
    return f"{error or 'It made none.'} {stay} The rest is made as soon as {hotspot.name} lets us."


def _put_off(batch: TokenBatch, hotspot: Hotspot, error: HotspotError | None) -> int:
    """Let all batches of the hotspot wait for it."""
    if isinstance(error, Busy):
        until = clock.now() + timedelta(seconds=error.retry_after)
    else:
        until = _later(batch)
    batch.failures += not isinstance(error, Busy)
    batch.error = words(batch, hotspot, error)
    db.session.execute(
        update(TokenBatch)
        .where(TokenBatch.hotspot_id == hotspot.id, TokenBatch.status.in_(UNFINISHED))
        .values(waits_until=until)
    )
    batch.waits_until = until
    db.session.commit()
    return 0


def _later(batch: TokenBatch) -> datetime:
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(batch.failures, 10))
    return clock.now() + timedelta(seconds=pause)


def _end_unused(actor: Actor, batch: TokenBatch, hotspot: Hotspot) -> int:
    stay = STAY.format(made=batch.made, asked=batch.asked)
    if batch.status in UNFINISHED:
        batches.finish(actor, batch, "FAILED", GONE.format(name=hotspot.name, stay=stay))
    db.session.commit()
    return 0
