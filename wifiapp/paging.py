"""Keyset paging: the next page begins after the last row of this one, at the same cost anywhere."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, SQLColumnExpression, text, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from wifiapp.columns import UtcDateTime
from wifiapp.db import db
from wifiapp.errors import WifiError

T = TypeVar("T")
PAGE_SIZE = 50
BATCH = 1000  # rows fetched at once while streaming
LARGEST = 2**63 - 1
UNFIT = re.compile("[\0\ud800-\udfff]")  # what PostgreSQL's text cannot hold


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
    keys: Sequence[SQLColumnExpression[Any]],
    key_of: Callable[[Any], Sequence[Any]],
    after: str | None = None,
    size: int = PAGE_SIZE,
) -> Page[Any]:
    """Return the rows after the cursor, newest first.

    `keys` are the columns of the order, all descending and unique together; `key_of` reads
    their values off a row. Raises `BadCursor`.
    """
    if after:
        values = decode(after, [kind_of(each) for each in tuple_(*keys).type.types])
        query = query.where(tuple_(*keys) < tuple_(*values))
    query = query.order_by(*(key.desc() for key in keys)).limit(size + 1)
    return cut(session.execute(query).all(), key_of, size)


def cut(rows: Sequence[T], key_of: Callable[[T], Sequence[Any]], size: int = PAGE_SIZE) -> Page[T]:
    """Make a page of at most `size` rows; one row more tells that there is a next page."""
    more = len(rows) > size
    return Page(rows[:size], encode(key_of(rows[size - 1])) if more else None)


def stream(query: Select[Any]) -> Iterator[Any]:
    """Yield every row of one snapshot, a batch in memory at a time.

    It has a connection of its own: the request's is closed before a long answer has been sent.
    """
    with Session(db.engine) as session:
        # PostgreSQL plans a cursor for its first tenth unless told that all rows are wanted.
        session.execute(text("SET LOCAL cursor_tuple_fraction = 1"))
        yield from session.execute(query, execution_options={"yield_per": BATCH})


def kind_of(column_type: TypeEngine[Any]) -> type:
    """Return the Python type of a column's values."""
    return datetime if isinstance(column_type, UtcDateTime) else column_type.python_type


def encode(values: Sequence[Any]) -> str:
    """Pack key values (text, whole numbers, aware datetimes) into a URL-safe cursor."""
    packed = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(packed).encode()).decode().rstrip("=")


def decode(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """Unpack a cursor of values of these types (str, int, datetime), or raise `BadCursor`."""
    try:
        packed = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(packed, list):
            raise TypeError("A cursor is a list.")  # noqa: TRY301 - one way out for all damage
        return [_unpack(value, kind) for value, kind in zip(packed, kinds, strict=True)]
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadCursor("This page address is damaged. Open the list again.") from error


def _unpack(value: Any, kind: type) -> Any:
    """Return the value as the key column would give it; whatever else is refused."""
    written: type = str if kind is datetime else kind
    if type(value) is not written:
        raise TypeError(f"A {type(value).__name__} is no {kind.__name__}.")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("The number is too large for a column.")
    if isinstance(value, str) and UNFIT.search(value):
        raise ValueError("The text does not fit into a column.")
    if kind is not datetime:
        return value
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("The moment has no zone.")
    return moment.astimezone(UTC)
