"""Every question asked of the closings of days."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Row, Select, func, literal_column, not_, select, union_all

from wifiapp.access import Viewer
from wifiapp.auth.models import User
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.paging import UNFIT, Page, fetch_page, stream
from wifiapp.sales.closings import (
    Agreement,
    Draft,
    MethodSum,
    covered,
    number_of,
    total,
    whole_day,
)
from wifiapp.sales.methods import NOTHING, named
from wifiapp.sales.methods_queries import list_known
from wifiapp.sales.models import DayClosing, DayClosingSum, WifiTokenSale
from wifiapp.sales.queries import PERSON

PAGE_SIZE = 31
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


def list_closings(
    viewer: Viewer, business_id: str = "", after: str | None = None
) -> Page[Row[Any]]:
    """Return a page of closings with business and closer, newest first; raises `BadCursor`."""
    query = _details(viewer)
    if business_id:
        query = query.where(DayClosing.business_id == business_id)
    return fetch_page(
        db.session(),
        query,
        (DayClosing.ends_at.expression, DayClosing.id.expression),
        lambda row: (row.DayClosing.ends_at, row.DayClosing.id),
        after,
        PAGE_SIZE,
    )


def stream_closings(viewer: Viewer, business_id: str = "") -> Iterator[Row[Any]]:
    """Yield the closings of all pages, in the same order."""
    query = _details(viewer)
    if business_id:
        query = query.where(DayClosing.business_id == business_id)
    return stream(query.order_by(DayClosing.ends_at.desc(), DayClosing.id.desc()))


def get_closing(closing_id: str, viewer: Viewer) -> Row[Any]:
    """Return the closing with business and closer, or raise `NotFound`."""
    query = _details(viewer).where(DayClosing.id == closing_id)
    row = None if UNFIT.search(closing_id) else db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such closing.")
    return row


def find_last(business_id: str) -> DayClosing | None:
    """Return the latest closing of a business."""
    query = select(DayClosing).where(DayClosing.business_id == business_id)
    return db.session.scalar(query.order_by(DayClosing.ends_at.desc()).limit(1))


def list_unclosed_out_of_use() -> Sequence[str]:
    """Return the businesses out of use in which something came after the last closing."""
    closed = select(func.max(DayClosing.ends_at)).where(DayClosing.business_id == Business.id)
    since = func.coalesce(closed.scalar_subquery(), LONG_AGO)
    own = select(WifiTokenSale.id).where(WifiTokenSale.business_id == Business.id)
    query = select(Business.id).where(
        not_(Business.is_active),
        own.where(WifiTokenSale.sold_at >= since).exists()
        | own.where(WifiTokenSale.voided_at >= since).exists(),
    )
    return db.session.scalars(query).all()


def list_kept_sums(closing_id: str) -> list[MethodSum]:
    """Return the sums that a closing has kept, cash first."""
    query = select(DayClosingSum).where(DayClosingSum.day_closing_id == closing_id)
    query = query.order_by(DayClosingSum.is_cash.desc(), DayClosingSum.method)
    return [
        MethodSum(each.method, each.is_cash, each.quantity, each.voids, each.amount, each.fees)
        for each in db.session.scalars(query)
    ]


def draft(business: Business, day: date, now: datetime) -> Draft:
    """Return the closing that would be made now; raises `NothingToClose`."""
    last = find_last(business.id)
    start, end = covered(day, business.timezone, last, now)
    sums = tuple(list_sums(business.id, start, end))
    return Draft(day, number_of(day, last), start, end, sums)


def list_sums(business_id: str, start: datetime, end: datetime) -> list[MethodSum]:
    """Add up the sales and voids of start <= moment < end by method, cash first."""
    lines = union_all(
        _lines(business_id, WifiTokenSale.sold_at, 1, start, end),
        _lines(business_id, WifiTokenSale.voided_at, -1, start, end),
    ).subquery()
    query = select(
        lines.c.method,
        func.sum(lines.c.sign),
        func.sum(lines.c.is_void),
        func.sum(lines.c.sign * lines.c.amount),
        func.sum(lines.c.sign * lines.c.fee),
    ).group_by(lines.c.method)
    methods = list_known(business_id)
    sums = [
        MethodSum(row[0], named(row[0], methods).kind == "CASH", *row[1:])
        for row in db.session.execute(query)
    ]
    return sorted(sums, key=lambda each: (not each.is_cash, each.method))


def agree(closing: DayClosing, zone: str) -> Agreement:
    """Say how the closing agrees with the Sales page of its day."""
    whole = whole_day(closing.day, zone, closing.closed_at)

    def amount(start: datetime, end: datetime) -> Decimal:
        if start >= end:
            return NOTHING
        return total(list_sums(closing.business_id, start, end)).amount

    return Agreement(
        day=amount(whole.start, whole.end),
        carried=amount(closing.starts_at, min(whole.start, closing.ends_at)),
        before=amount(whole.start, min(closing.starts_at, whole.end)),
        after=amount(max(closing.ends_at, whole.start), whole.end),
        closing=amount(closing.starts_at, closing.ends_at),
    )


def _lines(business_id: str, moment: Any, sign: int, start: datetime, end: datetime) -> Select[Any]:
    shown: list[Any] = [
        WifiTokenSale.payment_method.label("method"),
        WifiTokenSale.sale_amount.label("amount"),
        WifiTokenSale.fee.label("fee"),
        literal_column(str(sign), Integer).label("sign"),
        literal_column("1" if sign < 0 else "0", Integer).label("is_void"),
    ]
    return select(*shown).where(
        WifiTokenSale.business_id == business_id, moment >= start, moment < end
    )


def _details(viewer: Viewer) -> Select[Any]:
    shown: list[Any] = [DayClosing, Business, PERSON.label("closer")]
    query = (
        select(*shown)
        .join(Business, Business.id == DayClosing.business_id)
        .outerjoin(User, User.id == DayClosing.closed_by)
    )
    if viewer.business_ids is not None:
        query = query.where(DayClosing.business_id.in_(viewer.business_ids))
    return query
