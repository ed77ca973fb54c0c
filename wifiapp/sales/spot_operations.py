"""Selling a token that is made for the customer who waits.

The token's row and the sale are one transaction, after the device has made the token. A call that
nobody knows the end of is written down before: what it has made comes into stock by the worker.
"""

import contextlib
from dataclasses import replace

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.hotspots.calling import access_to_change
from wifiapp.hotspots.driver import Busy, Full, HotspotError, Made, Unreachable, Unsure
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.talking import talk
from wifiapp.hotspots.turns import turn
from wifiapp.sales import selling
from wifiapp.sales.operations import sell_token
from wifiapp.sales.orders import Order
from wifiapp.sales.selling import Sold, SoldOut
from wifiapp.sales.taking import get_terms
from wifiapp.tokens import batches, calls, homes
from wifiapp.tokens.models import TokenConfiguration

PATIENCE = 10.0  # seconds that a hotspot is waited for which others talk with
TALK = 60.0  # seconds that it may take to make a token and to tell which


class NotMade(WifiError):
    """The hotspot has made no token, or did not say so; nothing was sold."""


def make_and_sell(actor: Actor, order: Order) -> Sold:
    """Sell one token, once for each key, which the plan's device makes when none is in stock.

    Raises `NotMade`, and what `operations.sell_token` does: `SoldOut` when no device makes it.
    """
    order = order.tidy()
    try:
        plan = db.session.get_one(TokenConfiguration, get_terms(order).id)
        device = homes.find_device(plan)
        if device is None or order.token_id:
            return sell_token(actor, order)
        name = device.name
        with turn(device.id, PATIENCE):  # who sends the same order again waits for the first
            return _sell(actor, order, plan, device)
    except Busy as error:
        db.session.rollback()
        raise NotMade(f"{name} is busy. Nothing was sold. Try again in a moment.") from error
    except WifiError:
        db.session.rollback()
        raise


def _sell(actor: Actor, order: Order, plan: TokenConfiguration, device: Hotspot) -> Sold:
    """Sell from the stock after all, or have a token made and sell that."""
    with contextlib.suppress(SoldOut):
        return sell_token(actor, order)
    selling.check(order, plan.price, get_terms(order))
    access = access_to_change(device)
    batch = batches.add(actor, plan, device, 1, source="SPOT", status="RUNNING")
    batch.started_at = clock.now()
    question, batch_id = calls.begin(batch, device, 1), batch.id
    db.session.commit()
    try:
        made = talk(access, question, TALK)
    except HotspotError as error:
        made = Made((), error)
    return _sell_made(actor, order, batch_id, made)


def _sell_made(actor: Actor, order: Order, batch_id: str, made: Made) -> Sold:
    """Sell what was made; when that cannot be, it is in stock for the next customer."""
    batch = batches.held(batch_id)
    hotspot = db.session.get_one(Hotspot, batch.hotspot_id, populate_existing=True)
    ids = calls.end(batch, hotspot, made)
    if not ids:
        why = _words(hotspot.name, made.error)
        batches.finish(actor, batch, "FAILED", why)
        db.session.commit()
        raise NotMade(why)
    batches.finish(actor, batch, "DONE")
    try:
        with db.session.begin_nested():
            sold = selling.sell(actor, replace(order, token_id=ids[0]), get_terms(order))
    except WifiError:
        db.session.commit()
        raise
    db.session.commit()
    return sold


def _words(name: str, error: HotspotError | None) -> str:
    """Say what happened, what is safe, and what to do with the customer who waits."""
    if isinstance(error, Unsure):
        return (
            f"{name} did not say whether it made a token. Nothing was sold, so take no money yet. "
            "If it made one, that is in stock within a minute: sell it then, or another plan."
        )
    if isinstance(error, Unreachable):
        return (
            f"{name} does not answer, so no token was made and nothing was sold. "
            "Take no money, and sell another plan or try again later."
        )
    if isinstance(error, Full):
        return f"{name} is full: it has no room for another token. Nothing was sold."
    return f"No token was made and nothing was sold. {name}: {error or 'it made none.'}"
