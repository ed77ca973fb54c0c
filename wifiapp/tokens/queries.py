"""Every question asked of the tokens."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, inspect, select

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import Hotspot
from wifiapp.paging import UNFIT, Page, fetch_page, stream
from wifiapp.tokens import codes
from wifiapp.tokens.models import STATUSES, WifiToken, as_typed

COUNT_LIMIT = 10_000  # rows of a state that a count looks at before it says "10,000+"
COLUMNS = [getattr(WifiToken, attribute.key) for attribute in inspect(WifiToken).column_attrs]
NEWEST_FIRST = (WifiToken.created_at.desc(), WifiToken.id.desc())


class Count(NamedTuple):
    """A number of rows; `more` when there are at least so many."""

    number: int
    more: bool


@dataclass(frozen=True)
class Wanted:
    """Which tokens: "" does not narrow; `code` is the beginning of one, however typed."""

    status: str = ""
    plan_id: str = ""
    hotspot_id: str = ""
    system: str = ""
    business_id: str = ""
    batch_id: str = ""
    code: str = ""


def list_tokens(viewer: Viewer, wanted: Wanted, after: str | None = None) -> Page[Row[Any]]:
    """Return a page of tokens, the newest first; raises `BadCursor`."""
    session = db.session()
    ids = _matching(viewer, wanted).add_columns(WifiToken.created_at)
    keys = (WifiToken.created_at.expression, WifiToken.id.expression)
    page = fetch_page(session, ids, keys, lambda row: (row.created_at, row.id), after)
    shown = _details().where(WifiToken.id.in_([row.id for row in page.rows]))
    return Page(session.execute(shown.order_by(*NEWEST_FIRST)).all(), page.after)


def stream_tokens(viewer: Viewer | None, wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield the tokens of all pages, in the same order."""
    ids = _matching(viewer, wanted)
    return stream(_details().where(WifiToken.id.in_(ids)).order_by(*NEWEST_FIRST))


def count_tokens(viewer: Viewer, wanted: Wanted) -> dict[str, Count]:
    """Count the tokens of each status (and of all: ""), the wanted status aside."""
    counts = {}
    for status in STATUSES:
        some = _matching(viewer, replace(wanted, status=status)).limit(COUNT_LIMIT).subquery()
        number = db.session.scalar(select(func.count()).select_from(some)) or 0
        counts[status] = Count(number, number == COUNT_LIMIT)
    every = Count(
        sum(each.number for each in counts.values()), any(each.more for each in counts.values())
    )
    return {"": every, **counts}


def list_chosen(viewer: Viewer, chosen: Iterable[str], limit: int) -> Sequence[Row[Any]]:
    """Return the tokens with these ids that the viewer may see, newest first."""
    ids = [each for each in chosen if not UNFIT.search(each)]
    query = _details().where(
        WifiToken.id.in_(_matching(viewer, Wanted()).where(WifiToken.id.in_(ids)))
    )
    return db.session.execute(query.order_by(*NEWEST_FIRST).limit(limit)).all()


def list_matching(viewer: Viewer, wanted: Wanted, limit: int) -> Sequence[Row[Any]]:
    """Return the newest of the wanted tokens."""
    query = _details().where(WifiToken.id.in_(_matching(viewer, wanted)))
    return db.session.execute(query.order_by(*NEWEST_FIRST).limit(limit)).all()


def get_token(token_id: str, viewer: Viewer | None = None) -> Row[Any]:
    """Return one token as in the list, or raise `NotFound`."""
    ids = _matching(viewer, Wanted()).where(WifiToken.id == token_id)
    query = _details().where(WifiToken.id.in_(ids))
    token = None if UNFIT.search(token_id) else db.session.execute(query).one_or_none()
    if token is None:
        raise NotFound("There is no such token.")
    return token


def find_by_code(text: str, viewer: Viewer | None = None) -> Sequence[Row[Any]]:
    """Return the tokens that a typed code may mean: the exact one alone where there is one."""
    if UNFIT.search(text):
        return []
    ids = _matching(viewer, Wanted()).where(as_typed == codes.typed(text))
    found = db.session.execute(_details().where(WifiToken.id.in_(ids))).all()
    exact = [row for row in found if row.token == "".join(text.upper().split())]
    return exact or found


def list_taken(hotspot_id: str, texts: Iterable[str]) -> set[str]:
    """Return which of these codes, as `codes.typed` gives them, a hotspot has already."""
    query = select(as_typed).select_from(WifiToken).where(WifiToken.hotspot_id == hotspot_id)
    return set(db.session.scalars(query.where(as_typed.in_(list(texts)))))


def is_past(row: Any, now: datetime) -> bool:
    """Tell whether a token that is still marked as good has outlived its time."""
    end = row.expires_at if row.status == "ACTIVE" else row.redeem_by
    return row.status in {"UNUSED", "SOLD", "ACTIVE"} and end is not None and end <= now


def _matching(viewer: Viewer | None, wanted: Wanted) -> Select[Any]:
    """Select the ids of the wanted tokens that the viewer may see."""
    query = select(WifiToken.id)
    if viewer is not None and viewer.business_ids is not None:
        query = query.where(WifiToken.business_id.in_(viewer.business_ids))
    for column, value in (
        (WifiToken.status, wanted.status),
        (WifiToken.token_config_id, wanted.plan_id),
        (WifiToken.hotspot_id, wanted.hotspot_id),
        (WifiToken.system, wanted.system),
        (WifiToken.business_id, wanted.business_id),
        (WifiToken.batch_id, wanted.batch_id),
    ):
        query = query.where(column == value) if value else query
    if wanted.code:
        start = codes.typed(wanted.code)
        for sign in "\\%_":
            start = start.replace(sign, f"\\{sign}")
        query = query.where(as_typed.like(start + "%"))
    return query


def _details() -> Select[Any]:
    """Select all that is shown of a token in a list."""
    return (
        select(
            *COLUMNS,
            Business.name.label("business"),
            Business.currency,
            Business.timezone,
            Hotspot.name.label("hotspot"),
        )
        .join(Business, Business.id == WifiToken.business_id)
        .join(Hotspot, Hotspot.id == WifiToken.hotspot_id)
    )
