"""A business's till: one transaction at a time numbers a receipt, voids a sale or closes a day.

Whoever holds the business's row is alone with its receipts and closings until the commit. So
numbers have no gaps and follow the moments of the sales, and no line comes to be inside a
closing that was counted without it, not even when the clocks of two servers differ.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, func, literal, select

from wifiapp import clock
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.sales.models import DayClosing, WifiTokenSale

TICK = timedelta(microseconds=1)
NO_KEY = literal(None, Text)


class Next(NamedTuple):
    """What the next receipt is given; `made` is the sale that its key has made already."""

    number: int
    at: datetime
    made: str | None


def hold(business_id: str) -> None:
    """Keep others from the till until the commit; raises `NotFound`.

    The lock leaves the foreign keys of other sales alone.
    """
    query = select(Business.id).where(Business.id == business_id)
    if db.session.scalar(query.with_for_update(key_share=True)) is None:
        raise NotFound("There is no such business.")


def and_hold(taken: Select[Any]) -> Select[Any]:
    """Select what `taken` selects and locks, and then hold the till of its business."""
    token = taken.cte("token")
    query = select(token).join(Business, Business.id == token.c.business_id)
    return query.with_for_update(key_share=True, of=Business)


def next_receipt(business_id: str, key: ColumnElement[Any] = NO_KEY) -> Next:
    """Return number and moment of the next receipt of a till that is held, and who has its key."""
    sale = WifiTokenSale
    own = sale.business_id == business_id
    query = select(
        select(func.max(sale.receipt_number)).where(own).scalar_subquery(),
        select(func.max(sale.sold_at)).where(own).scalar_subquery(),
        select(sale.id).where(own, sale.idempotency_key == key).scalar_subquery(),
        _closed_until(business_id),
    )
    number, sold_at, made, closed_until = db.session.execute(query).one()
    return Next((number or 0) + 1, _latest(clock.now(), sold_at, closed_until), made)


def next_void(business_id: str, sold_at: datetime) -> datetime:
    """Return the moment of a void at a till that is held, of a sale made at `sold_at`."""
    closed_until = db.session.scalar(select(_closed_until(business_id)))
    return _latest(clock.now(), sold_at, closed_until)


def after_all_lines(business_id: str, since: datetime) -> datetime:
    """Return a moment, now as a rule, after every line that a held till has had since then."""
    sale = WifiTokenSale
    query = select(
        select(func.max(sale.sold_at))
        .where(sale.business_id == business_id, sale.sold_at >= since)
        .scalar_subquery(),
        select(func.max(sale.voided_at))
        .where(sale.business_id == business_id, sale.voided_at >= since)
        .scalar_subquery(),
    )
    sold_at, voided_at = db.session.execute(query).one()
    return _latest(clock.now(), since, sold_at and sold_at + TICK, voided_at and voided_at + TICK)


def _latest(now: datetime, *moments: datetime | None) -> datetime:
    return max([now, *(moment for moment in moments if moment)])


def _closed_until(business_id: str) -> ScalarSelect[datetime]:
    query = select(func.max(DayClosing.ends_at)).where(DayClosing.business_id == business_id)
    return query.scalar_subquery()
