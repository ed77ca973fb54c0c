"""The stock keeper: a plan that runs low has tokens made on its device, before it is sold out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from sqlalchemy import func, or_, select

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens import batches, homes
from wifiapp.tokens.batches import MOST
from wifiapp.tokens.models import UNFINISHED, TokenBatch, TokenConfiguration, WifiToken

KEEPER = Actor(user_id=None, email="stock keeper")
PAUSE = timedelta(minutes=1)  # between two batches of a plan
LONG_PAUSE = timedelta(minutes=30)  # after one that failed or was cancelled

Plan = TokenConfiguration


class InvalidStock(WifiError):
    """A stock cannot be kept like that; `problems` are messages by field."""

    def __init__(self, found: dict[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " Nothing was changed.")
        self.problems = found


def keep_stock(stop: Event) -> Mapping[str, Any] | None:
    """Ask for a batch of each plan that runs low; None when there is none.

    A plan waits while tokens of it are being made, while its device has no room, and for a
    minute after each batch.
    """
    asked, now = {}, clock.now()
    while not stop.is_set() and (plan := _next_plan(now)):
        plan.kept_at = now  # looked at: not again before the pause is over
        batch = _refill(plan, now)
        if batch is not None:
            asked[plan.name] = batch.asked
        db.session.commit()
    db.session.rollback()
    return {"asked": asked} if asked else None


def set_stock(
    actor: Actor,
    plan_id: str,
    hotspot_id: str | None,
    min_stock: int | None,
    refill_to: int | None,
) -> Plan:
    """Say where a plan's tokens are made, and which stock of them is kept (None: none).

    Raises `InvalidStock`, `NotFound`.
    """
    plan = db.session.get(Plan, plan_id, with_for_update=True, populate_existing=True)
    if plan is None:
        raise NotFound("There is no such plan.")
    _check(plan, hotspot_id, min_stock, refill_to)
    before = (plan.hotspot_id, plan.min_stock, plan.refill_to)
    plan.hotspot_id, plan.min_stock, plan.refill_to = hotspot_id, min_stock, refill_to
    plan.kept_at = None
    if before != (hotspot_id, min_stock, refill_to):
        hotspot = db.session.get(Hotspot, hotspot_id) if hotspot_id else None
        change = {
            "name": plan.name,
            "hotspot": hotspot.name if hotspot else None,
            "minStock": min_stock,
            "refillTo": refill_to,
        }
        record(actor, "plan.keep", "plan", plan.id, business_id=plan.business_id, change=change)
    db.session.commit()
    return plan


def _next_plan(now: datetime) -> Plan | None:
    """Return a plan that is low and may be refilled, for this transaction alone."""
    stock = select(func.count()).where(
        WifiToken.token_config_id == Plan.id,
        WifiToken.status == "UNUSED",
        or_(WifiToken.redeem_by.is_(None), WifiToken.redeem_by > now),
    )
    making = select(TokenBatch.id).join(Hotspot, Hotspot.id == TokenBatch.hotspot_id)
    making = making.where(
        TokenBatch.token_config_id == Plan.id,
        Hotspot.is_active,  # what was begun on others may never end
        or_(TokenBatch.status.in_(UNFINISHED), TokenBatch.called_at.is_not(None)),
    )
    query = (
        select(Plan)
        .join(Business, Business.id == Plan.business_id)
        .where(
            Plan.is_active,
            Business.is_active,
            Plan.min_stock > stock.scalar_subquery(),
            or_(Plan.kept_at.is_(None), Plan.kept_at <= now - PAUSE, Plan.kept_at > now + PAUSE),
            ~making.exists(),
        )
        .order_by(Plan.kept_at.nulls_first(), Plan.id)
        .limit(1)
    )
    query = query.with_for_update(of=Plan, skip_locked=True)
    return db.session.scalar(query.execution_options(populate_existing=True))


def _refill(plan: Plan, now: datetime) -> TokenBatch | None:
    device = homes.find_device(plan)
    if device is None or _failed_lately(plan, now):
        return None
    left = homes.room(device)
    missing = (plan.refill_to or 0) - count_stock(plan.id, now)
    count = min(missing, MOST, missing if left is None else left)
    return batches.add(KEEPER, plan, device, count, source="MADE") if count > 0 else None


def count_stock(plan_id: str, now: datetime) -> int:
    """Count the unsold tokens of a plan that are good."""
    query = select(func.count()).where(
        WifiToken.token_config_id == plan_id,
        WifiToken.status == "UNUSED",
        or_(WifiToken.redeem_by.is_(None), WifiToken.redeem_by > now),
    )
    return db.session.scalar(query) or 0


def _failed_lately(plan: Plan, now: datetime) -> bool:
    """Tell whether the last batch of the plan came to nothing not long ago."""
    query = select(TokenBatch.status, TokenBatch.finished_at).where(
        TokenBatch.token_config_id == plan.id, TokenBatch.created_by == KEEPER.email
    )
    last = db.session.execute(query.order_by(TokenBatch.created_at.desc()).limit(1)).first()
    if last is None or last.status == "DONE" or last.finished_at is None:
        return False
    return bool(last.finished_at > now - LONG_PAUSE)


def _check(
    plan: Plan, hotspot_id: str | None, min_stock: int | None, refill_to: int | None
) -> None:
    found = {}
    if hotspot_id and hotspot_id not in {each.id for each in homes.list_devices(plan)}:
        found["hotspot"] = "This hotspot cannot make its tokens. Choose one of these."
    if min_stock is not None and not 1 <= min_stock <= MOST:
        found["min_stock"] = f"Enter 1 to {MOST:,}, or leave it empty to keep no stock."
    if min_stock is None and refill_to is not None:
        found["min_stock"] = "Say when to make more, or leave both empty."
    if min_stock is not None and (refill_to is None or not min_stock <= refill_to <= MOST):
        found["refill_to"] = f"Enter a number from {min_stock:,} to {MOST:,}."
    if not found and min_stock is not None and not hotspot_id and homes.find_device(plan) is None:
        found["hotspot"] = "Choose the hotspot that makes them."
    if found:
        db.session.rollback()
        raise InvalidStock(found)
