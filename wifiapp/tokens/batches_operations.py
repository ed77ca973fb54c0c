"""Making tokens by the batch: the row is the job, its lock the holder.

Some tokens and the batch's counter are written in one transaction that holds the row. Whoever
is killed in between leaves exactly what the counter says, and the next worker goes on from there;
two workers at once never make a token too many. Here are the codes that are ours and loaded by
hand; `device_batches_operations` has devices make theirs.
"""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wifiapp import clock
from wifiapp.access import WORKER, Actor
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens import batches, homes
from wifiapp.tokens import device_batches_operations as device_batches
from wifiapp.tokens.batches import MOST
from wifiapp.tokens.models import UNFINISHED, TokenBatch

CHUNK = 100  # tokens of one transaction

FULL = (
    "No codes could be drawn that the hotspot does not have yet. {made} of {asked} tokens were "
    "made and can be sold. Make the rest again later, or take another hotspot."
)
Listener = Callable[[TokenBatch], None]


class InvalidCount(WifiError):
    """So many tokens cannot be made at once."""


def request_batch(
    actor: Actor,
    plan_id: str,
    hotspot_id: str | None,
    count: int,
    form_id: str | None = None,
) -> TokenBatch:
    """Put a batch where the worker finds it; without a hotspot, on the business's manual one.

    `form_id` is a fresh id that the person's form was given: sent twice, it is one batch.
    Raises `Unfit`, `InvalidCount`, `NotFound`.
    """
    before = db.session.get(TokenBatch, form_id) if form_id else None
    if before is None:
        try:
            return _ask(actor, plan_id, hotspot_id, count, form_id or new_id())
        except IntegrityError:  # the same form, at the same moment
            db.session.rollback()
            before = batches.held(form_id or "")
    asked = (before.created_by, before.token_config_id, before.asked)
    if asked == (actor.email, plan_id, count):
        db.session.rollback()
        return before
    return _ask(actor, plan_id, hotspot_id, count, new_id())  # filled in anew after going back


def make_batch(
    actor: Actor, plan_id: str, hotspot_id: str | None, count: int, listener: Listener
) -> TokenBatch:
    """Make a batch right here; `listener` is told after each step.

    Raises `Unfit`, `InvalidCount`, `NotFound`. When it is interrupted, the worker makes the rest.
    """
    batch = _ask(actor, plan_id, hotspot_id, count, new_id())
    if not db.session.get_one(Hotspot, batch.hotspot_id).is_manual:
        while device_batches.make_now(actor, batch):
            listener(batch)
    while _make_some(actor, batch.id):
        listener(batch)
    db.session.refresh(batch)
    return batch


def run_queued(stop: Event) -> Mapping[str, Any] | None:
    """Make the tokens that wait to be made, until there are none or `stop` is set.

    Returns how many tokens were made, None when nothing waited.
    """
    made = None
    while not stop.is_set() and (some := _make_some(WORKER)):
        made = (made or 0) + some.made
    return None if made is None else {"tokens": made}


def cancel_batch(actor: Actor, batch_id: str) -> TokenBatch:
    """Make no more tokens of a batch; those that were made stay. Raises `NotFound`."""
    batch = batches.held(batch_id)
    if batch.status not in UNFINISHED:
        db.session.rollback()
        raise WifiError("This batch is finished, so there is nothing to cancel.")
    batch.status, batch.finished_at = "CANCELLED", clock.now()
    batch.error = batch.waits_until = None  # a call under way is still settled
    batches.note(actor, "cancel", batch, {"made": batch.made, "asked": batch.asked})
    db.session.commit()
    return batch


def resume_batch(actor: Actor, batch_id: str) -> TokenBatch:
    """Let the rest of a batch be made that failed or was cancelled. Raises `NotFound`."""
    batch = batches.held(batch_id)
    if batch.status not in {"FAILED", "CANCELLED"} or batch.source == "SPOT":
        db.session.rollback()
        raise WifiError("Nothing of this batch is missing, or it is being made just now.")
    batch.status, batch.finished_at, batch.error = "QUEUED", None, None
    batch.waits_until, batch.failures = None, 0
    batches.note(actor, "resume", batch, {"made": batch.made, "asked": batch.asked})
    db.session.commit()
    return batch


def _ask(
    actor: Actor, plan_id: str, hotspot_id: str | None, count: int, batch_id: str
) -> TokenBatch:
    if not 1 <= count <= MOST:
        raise InvalidCount(f"A batch has 1 to {MOST:,} tokens. No token was made.")
    plan = batches.plan_on_offer(plan_id)
    hotspot = batches.hotspot_for(actor, plan, hotspot_id)
    if not hotspot.is_manual:
        homes.require_room(hotspot, count)
    batch = batches.add(actor, plan, hotspot, count, id=batch_id, source="MADE")
    db.session.commit()
    return batch


class _Step(NamedTuple):
    """What one transaction has added to a batch."""

    batch_id: str
    made: int


def _make_some(actor: Actor, batch_id: str | None = None) -> _Step | None:
    """Make the next tokens of the batch, or of the one that nobody works on and waited longest.

    Returns None when nothing is left to make.
    """
    manual = select(Hotspot.id).where(Hotspot.is_manual)
    query = select(TokenBatch).where(
        TokenBatch.status.in_(UNFINISHED), TokenBatch.hotspot_id.in_(manual)
    )
    if batch_id is None:
        query = query.order_by(TokenBatch.created_at, TokenBatch.id).limit(1)
        query = query.with_for_update(skip_locked=True)
    else:
        query = query.where(TokenBatch.id == batch_id).with_for_update()
    batch = db.session.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        db.session.rollback()
        return None
    wanted = min(CHUNK, batch.asked - batch.made)
    step = _Step(batch.id, batches.make_tokens(batch, wanted))
    batch.made += step.made
    batch.status, batch.started_at = "RUNNING", batch.started_at or clock.now()
    if step.made < wanted:
        batches.finish(actor, batch, "FAILED", FULL.format(made=batch.made, asked=batch.asked))
    elif batch.made == batch.asked:
        batches.finish(actor, batch, "DONE")
    db.session.commit()
    return step
