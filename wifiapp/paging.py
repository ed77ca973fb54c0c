"""Keyset paging: the next page begins after the last row of this one, at the same cost anywhere."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from wifiapp.errors import WifiError

T = TypeVar("T")
PAGE_SIZE = 50


class BadCursor(WifiError):
    """The `after` of the address was not made by this app."""

    status = 400


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of one page; `after` is the cursor of the next one, None on the last."""

    rows: Sequence[T]
    after: str | None


def fetch_page(
    session: Session,
    query: Select[Any],
    keys: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    key_of: Callable[[Any], Sequence[Any]],
    after: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Any]:
    """Return the rows after the cursor, newest first.

    `keys` are the columns of the order, all descending and unique together; `key_of` reads
    their values off a row. Raises `BadCursor`.
    """
    if after:
        query = query.where(tuple_(*keys) < tuple_(*decode(after, len(keys))))
    query = query.order_by(*(key.desc() for key in keys)).limit(size + 1)
    rows = session.execute(query).all()
    more = len(rows) > size
    return Page(rows[:size], encode(key_of(rows[size - 1])) if more else None)


def encode(values: Sequence[Any]) -> str:
    """Pack key values (text, numbers, aware datetimes) into a URL-safe cursor."""
    packed = [{"t": v.isoformat()} if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(packed).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """Unpack a cursor of `length` values, or raise `BadCursor`."""
    try:
        packed = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in packed]
    except (binascii.Error, ValueError, TypeError, KeyError) as error:
        raise BadCursor("This page address is damaged. Open the list again.") from error
    naive = any(isinstance(v, datetime) and v.tzinfo is None for v in values)
    if len(values) != length or naive or any(isinstance(v, (list, type(None))) for v in values):
        raise BadCursor("This page address is damaged. Open the list again.")
    return values
