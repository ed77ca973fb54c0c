"""The businesses as a list: which ones, a page at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, not_, select, tuple_

from wifiapp.businesses.models import Business, Membership
from wifiapp.db import db
from wifiapp.paging import Page, cut, decode, stream

PAGE_SIZE = 25
ORDER = (not_(Business.is_active), Business.is_demo, Business.name, Business.id)


@dataclass(frozen=True)
class Wanted:
    """Which businesses: `text` is a part of the name, `is_active` None takes both."""

    text: str = ""
    is_active: bool | None = None


def list_page(wanted: Wanted, after: str | None = None) -> Page[Row[Any]]:
    """Return a page of businesses, those in use first, demo shops last; raises `BadCursor`."""
    query = _rows(wanted)
    if after:
        keys = decode(after, (bool, bool, str, str))
        query = query.where(tuple_(*ORDER) > tuple_(*keys))
    return cut(db.session.execute(query.limit(PAGE_SIZE + 1)).all(), _key, PAGE_SIZE)


def stream_businesses(wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield the businesses of all pages, in the same order."""
    return stream(_rows(wanted))


def _rows(wanted: Wanted) -> Select[Any]:
    members = select(func.count()).where(Membership.business_id == Business.id).scalar_subquery()
    query = select(Business, members.label("members")).order_by(*ORDER)
    if wanted.text:
        query = query.where(Business.name.icontains(wanted.text, autoescape=True))
    if wanted.is_active is not None:
        query = query.where(Business.is_active == wanted.is_active)
    return query


def _key(row: Any) -> tuple[Any, ...]:
    it = row.Business
    return not it.is_active, it.is_demo, it.name, it.id
