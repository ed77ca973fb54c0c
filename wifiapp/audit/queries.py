"""Every question asked of the audit log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from wifiapp.audit.models import AuditLog
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.paging import Page, fetch_page, stream

COLUMNS: tuple[Any, ...] = (
    AuditLog.id,
    AuditLog.at,
    AuditLog.user_email,
    AuditLog.action,
    AuditLog.entity,
    AuditLog.entity_id,
    AuditLog.business_id,
    Business.name.label("business"),
    AuditLog.ip,
    AuditLog.request_id,
    AuditLog.change,
)


@dataclass(frozen=True)
class Wanted:
    """Which entries: each condition that is not empty narrows; `since` <= at < `until`."""

    text: str = ""
    action: str = ""
    entity: str = ""
    business_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_entries(wanted: Wanted, after: str | None = None) -> Page[Any]:
    """Return one page of entries, newest first. Raises `BadCursor`."""
    return fetch_page(
        db.session(),
        _entries(wanted),
        keys=(AuditLog.at, AuditLog.id),
        key_of=lambda row: (row.at, row.id),
        after=after,
    )


def stream_entries(wanted: Wanted) -> Iterator[Any]:
    """Yield all entries, newest first, in constant memory."""
    query = _entries(wanted).order_by(AuditLog.at.desc(), AuditLog.id.desc())
    yield from stream(query)


def list_actions() -> Sequence[str]:
    """Return every action that was ever written down, in order."""
    return _distinct(AuditLog.action)


def list_entities() -> Sequence[str]:
    """Return every kind of thing that was ever changed, in order."""
    return _distinct(AuditLog.entity)


def _entries(wanted: Wanted) -> Select[Any]:
    query = select(*COLUMNS).outerjoin(Business, Business.id == AuditLog.business_id)
    if wanted.text:
        query = query.where(_mentions(wanted.text))
    for column, value in (
        (AuditLog.action, wanted.action),
        (AuditLog.entity, wanted.entity),
        (AuditLog.business_id, wanted.business_id),
    ):
        if value:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(AuditLog.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditLog.at < wanted.until)
    return query


def _mentions(text: str) -> Any:
    """Look for the text in who, what, from where, on which row and what was changed."""
    return or_(
        AuditLog.action.icontains(text, autoescape=True),
        AuditLog.user_email.icontains(text, autoescape=True),
        cast(AuditLog.change, Text).icontains(text, autoescape=True),
        AuditLog.ip == text,
        AuditLog.entity_id == text,
        AuditLog.request_id == text,
    )


def _distinct(column: InstrumentedAttribute[str]) -> Sequence[str]:
    """Walk an index from one value to the next: as fast on a million entries as on a hundred."""
    walk = (
        select(column.label("value"))
        .order_by(column)
        .limit(1)
        .subquery()
        .select()
        .cte("walk", recursive=True)
    )
    following = (
        select(column).where(column > walk.c.value).order_by(column).limit(1).scalar_subquery()
    )
    walk = walk.union_all(select(following).where(walk.c.value.is_not(None)))
    return [value for value in db.session.scalars(select(walk.c.value)) if value is not None]
