"""Every question asked of the sales.

A line is a sale at the moment it was made or, with opposite signs, its void at the moment of the
void: what was sold yesterday and voided today takes away from today.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from wifiapp.access import Viewer
from wifiapp.auth.models import User
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.paging import PAGE_SIZE, Page, cut, decode, stream
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.periods import Span
from wifiapp.sales.sums import Cell
from wifiapp.tokens import codes
from wifiapp.tokens.models import WifiToken, as_typed

SALE, VOID = 0, 1

# The tokens of some weeks' sales are found by their key in a third of the time that reading all
# tokens takes, which the planner does not believe of rows that are in memory.
SHORT = timedelta(days=62)
JOIN = text(
    "SELECT set_config('enable_hashjoin', :by_all, true), "
    "set_config('enable_mergejoin', :by_all, true)"
)


@dataclass(frozen=True)
class Wanted:
    """Which lines: the span of each zone; "" and None do not narrow.

    `code` is the beginning of a token or, in digits, a receipt number.
    """

    spans: Mapping[str, Span]
    business_id: str = ""
    code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # by names of `sums.DIMENSIONS`


def sum_cells(viewer: Viewer, wanted: Wanted) -> list[Cell]:
    """Add up the lines by currency and all dimensions at once; `values` do not narrow.

    So one statement gives every sum of the page, and the values that can be chosen.
    """
    lines = union_all(
        *(
            _lines(viewer, wanted, kind).with_only_columns(
                Business.currency.label("currency"),
                *(column.label(name) for name, column in DIMENSIONS.items()),
                _sign(kind).label("quantity"),
                _number(kind).label("is_void"),
                (_sign(kind) * WifiTokenSale.sale_amount).label("amount"),
            )
            for kind in (SALE, VOID)
        )
    ).subquery()
    groups = [lines.c[name] for name in ("currency", *DIMENSIONS)]
    sums = (func.sum(lines.c[name]) for name in ("quantity", "is_void", "amount"))
    query = select(*groups, *sums).group_by(*groups)
    spans = wanted.spans.values()
    is_short = max(span.end for span in spans) - min(span.start for span in spans) < SHORT
    if is_short:
        db.session.execute(JOIN, {"by_all": "off"})
    cells = [Cell(*row) for row in db.session.execute(query)]
    if is_short:
        db.session.execute(JOIN, {"by_all": "on"})
    return cells


def list_lines(viewer: Viewer, wanted: Wanted, after: str | None = None) -> Page[Row[Any]]:
    """Return a page of lines, newest first; raises `BadCursor`."""
    values = decode(after, (datetime, str, int)) if after else None
    branches = []
    for kind in (SALE, VOID):
        moment, sale_id = _moment(kind), WifiTokenSale.id
        query = _details(viewer, wanted, kind)
        if values:
            query = query.where(tuple_(moment, sale_id, _number(kind)) < tuple_(*values))
        # Each kind has an index in this order, which the union of both has not.
        query = query.order_by(moment.desc(), sale_id.desc()).limit(PAGE_SIZE + 1)
        branches.append(select(query.subquery()))
    query = _newest_first(union_all(*branches)).limit(PAGE_SIZE + 1)
    rows = db.session.execute(query).all()
    return cut(rows, lambda row: (row.at, row.id, row.is_void), PAGE_SIZE)


def stream_lines(viewer: Viewer, wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield the lines of all pages, in the same order."""
    branches = (_details(viewer, wanted, kind) for kind in (SALE, VOID))
    return stream(_newest_first(union_all(*branches)))


def list_sellers(user_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of these sellers; a program is its own name."""
    query = select(User.id, PERSON).where(User.id.in_(user_ids))
    return {each: each for each in user_ids} | {row[0]: row[1] for row in db.session.execute(query)}


PERSON = func.coalesce(func.nullif(User.name, ""), User.email)
SELLER_ID = func.coalesce(WifiTokenSale.sold_by, WifiTokenSale.sold_with)
SELLER = func.coalesce(PERSON, WifiTokenSale.sold_with)  # joined with who has sold
DIMENSIONS: dict[str, Any] = {
    "channel": WifiTokenSale.sale_channel,
    "method": WifiTokenSale.payment_method,
    "system": WifiToken.system,
    "plan": WifiToken.plan_name,
    "seller": SELLER_ID,
}


def _lines(viewer: Viewer, wanted: Wanted, kind: int) -> Select[Any]:
    """Select the sales, or the voids, of the period that the viewer may see."""
    query = (
        select(WifiTokenSale.id)
        .join(Business, Business.id == WifiTokenSale.business_id)
        .join(WifiToken, WifiToken.id == WifiTokenSale.wifi_token_id)
        .where(within(_moment(kind), wanted.spans))
    )
    if viewer.business_ids is not None:
        query = query.where(WifiTokenSale.business_id.in_(viewer.business_ids))
    if viewer.only_sales_by is not None:
        query = query.where(WifiTokenSale.sold_by == viewer.only_sales_by)
    if wanted.business_id:
        query = query.where(WifiTokenSale.business_id == wanted.business_id)
    return query.where(_has_code(wanted.code)) if wanted.code else query


def _details(viewer: Viewer, wanted: Wanted, kind: int) -> Select[Any]:
    """Select all that is shown of a line."""
    query = _lines(viewer, wanted, kind).outerjoin(User, User.id == WifiTokenSale.sold_by)
    shown: list[Any] = [
        _moment(kind).label("at"),
        WifiTokenSale.id,
        _number(kind).label("is_void"),
        _sign(kind).label("quantity"),
        (_sign(kind) * WifiTokenSale.sale_amount).label("amount"),
        (_sign(kind) * WifiTokenSale.fee).label("fee"),
        WifiTokenSale.transaction_code,
        WifiTokenSale.receipt_number.label("receipt"),
        WifiTokenSale.sold_at,
        WifiTokenSale.void_reason,
        *(DIMENSIONS[name].label(name) for name in ("channel", "method", "system", "plan")),
        SELLER.label("seller"),
        WifiToken.token,
        Business.name.label("business"),
        Business.currency,
        Business.timezone,
    ]
    chosen = {name: value for name, value in wanted.values.items() if value}
    same = (DIMENSIONS[name] == value for name, value in chosen.items())
    return query.with_only_columns(*shown).where(*same)


def _newest_first(lines: Any) -> Select[Any]:
    found = lines.subquery()
    return select(found).order_by(found.c.at.desc(), found.c.id.desc(), found.c.is_void.desc())


def _moment(kind: int) -> SQLColumnExpression[Any]:
    return WifiTokenSale.voided_at if kind == VOID else WifiTokenSale.sold_at


def _sign(kind: int) -> ColumnElement[int]:
    return _number(-1 if kind == VOID else 1)


def _number(value: int) -> ColumnElement[int]:
    """Write a constant into the statement, so that its plan is made for it."""
    return literal_column(str(value), Integer)


def within(moment: SQLColumnExpression[Any], spans: Mapping[str, Span]) -> ColumnElement[bool]:
    """Ask for each business's own days; the widest span leads to the index."""
    start = min(span.start for span in spans.values())
    end = max(span.end for span in spans.values())
    widest = and_(moment >= start, moment < end)
    if len({(span.start, span.end) for span in spans.values()}) == 1:
        return widest
    own = (
        and_(Business.timezone == zone, moment >= span.start, moment < span.end)
        for zone, span in spans.items()
    )
    return and_(widest, or_(*own))


def _has_code(code: str) -> ColumnElement[bool]:
    typed = codes.typed(code)
    begins = [as_typed.startswith(typed, autoescape=True) if typed else false()]
    number = code.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= 18:  # noqa: PLR2004 - a bigint
        begins.append(WifiTokenSale.receipt_number == int(number))
    return or_(*begins)
