"""Every question asked about leaks; the sums and the lines of a kind are the same rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, Text, func, literal, select, union_all

from wifiapp.access import Viewer
from wifiapp.auth.models import User
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.leaks.kinds import KINDS
from wifiapp.leaks.kinds_queries import SELECTS
from wifiapp.paging import Page, fetch_page, stream
from wifiapp.sales.periods import Span
from wifiapp.sales.queries import PERSON, within
from wifiapp.tokens.models import WifiToken

NOBODY = "none"  # asked for as seller or channel: leaks that have none


@dataclass(frozen=True)
class Wanted:
    """Which leaks: those that became one in the span of each zone; "" does not narrow."""

    spans: Mapping[str, Span]
    now: datetime
    business_id: str = ""
    seller: str = ""
    channel: str = ""


class Cell(NamedTuple):
    """The leaks that agree in all this; seller and channel are `NOBODY` where there is none."""

    currency: str
    kind: str
    seller: str
    channel: str
    number: int
    amount: Decimal


def sum_cells(viewer: Viewer, wanted: Wanted, of: Iterable[str] = KINDS) -> list[Cell]:
    """Count the leaks of these kinds and add up what they come to, by seller and channel.

    The wanted seller and channel do not narrow: these are also what can be chosen.
    """
    wanted = replace(wanted, seller="", channel="")
    leaks = union_all(*(_leaks(kind, viewer, wanted) for kind in of)).subquery()
    groups = (
        Business.currency,
        leaks.c.kind,
        func.coalesce(leaks.c.seller_id, NOBODY).label("seller"),
        func.coalesce(leaks.c.channel, NOBODY).label("channel"),
    )
    query = (
        select(*groups, func.count(), func.sum(leaks.c.amount))
        .join(Business, Business.id == leaks.c.business_id)
        .group_by(*groups)
    )
    return [Cell(*row) for row in db.session.execute(query)]


def list_leaks(kind: str, viewer: Viewer, wanted: Wanted, after: str | None = None) -> Page[Any]:
    """Return a page of the leaks of a kind, the latest first; raises `BadCursor`."""
    query, keys = _details(kind, viewer, wanted)
    return fetch_page(db.session(), query, keys, lambda row: (row.at, row.id), after)


def stream_leaks(kind: str, viewer: Viewer, wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield the leaks of all pages, in the same order."""
    query, keys = _details(kind, viewer, wanted)
    return stream(query.order_by(*(key.desc() for key in keys)))


def _details(kind: str, viewer: Viewer, wanted: Wanted) -> tuple[Select[Any], tuple[Any, Any]]:
    """Select all that is shown of a leak; beside it, the columns of its order."""
    leaks = _leaks(kind, viewer, wanted).subquery()
    query = (
        select(
            leaks,
            WifiToken.token,
            WifiToken.plan_name.label("plan"),
            WifiToken.system,
            WifiToken.status,
            WifiToken.price,
            func.coalesce(PERSON, leaks.c.seller_id).label("seller"),
            Business.name.label("business"),
            Business.currency,
            Business.timezone,
        )
        .join(WifiToken, WifiToken.id == leaks.c.token_id)
        .join(Business, Business.id == leaks.c.business_id)
        .outerjoin(User, User.id == leaks.c.seller_id)
    )
    return query, (leaks.c.at, leaks.c.id)


def _leaks(kind: str, viewer: Viewer, wanted: Wanted) -> Select[Any]:
    """Select the leaks of a kind that are wanted and that the viewer may see."""
    parts = (
        _seen(query, viewer, wanted).where(within(at, wanted.spans))
        for at, query in SELECTS[kind](wanted.now)
    )
    found = union_all(*parts).subquery()
    query = select(found, literal(kind, Text).label("kind"))
    for column, value in ((found.c.seller_id, wanted.seller), (found.c.channel, wanted.channel)):
        if value:
            query = query.where(column.is_(None) if value == NOBODY else column == value)
    return query


def _seen(query: Select[Any], viewer: Viewer, wanted: Wanted) -> Select[Any]:
    query = query.join(Business, Business.id == WifiToken.business_id)
    if viewer.business_ids is not None:
        query = query.where(WifiToken.business_id.in_(viewer.business_ids))
    return query.where(WifiToken.business_id == wanted.business_id) if wanted.business_id else query
