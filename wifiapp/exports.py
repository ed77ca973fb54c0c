"""Reports as files: the same rows as the page, as CSV and JSON.

The rows of a long list come from `paging.stream`: an answer is sent after the request's own
session has been closed.
"""

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Response, stream_with_context

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 1 << 15  # characters gathered before they are sent

Rows = Iterable[Mapping[str, Any]]


def defused(value: Any) -> Any:
    """Make a text cell harmless to spreadsheets, which run what begins with = + - @."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return "'" + value
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value)


def plain(value: Any) -> Any:
    """Return what CSV and JSON can hold: times as ISO 8601 in UTC, money as digits."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    return value


def as_csv(
    name: str, columns: Sequence[str], rows: Rows, closing: Callable[[], Rows] = tuple
) -> Response:
    """Stream the rows as `<name>.csv` with a heading, cells defused; what a row lacks is empty.

    `closing` is asked for more rows after the last one: for sums of what was sent.
    """

    def lines() -> Iterator[str]:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(columns)
        for row in itertools.chain(rows, _later(closing)):
            writer.writerow([defused(row.get(column)) for column in columns])
            if out.tell() > CHUNK:
                yield out.getvalue()
                out.seek(0)
                out.truncate()
        yield out.getvalue()

    return _download(lines(), f"{name}.csv", "text/csv")


def as_json(
    name: str,
    columns: Sequence[str],
    rows: Rows,
    closing: Callable[[], Mapping[str, Any]] = dict,
    **around: Any,
) -> Response:
    """Stream `{**around, "rows": [...], **closing()}`; money is text, so that no cent is lost.

    `closing` is asked after the last row: for sums of what was sent.
    """

    def pieces() -> Iterator[str]:
        yield "{" + _members(around) + (", " if around else "") + '"rows": ['
        comma = ""
        for row in rows:
            yield comma + json.dumps({column: plain(row.get(column)) for column in columns})
            comma = ",\n"
        last = _members(closing())
        yield "]" + (", " if last else "") + last + "}\n"

    return _download(_gathered(pieces()), f"{name}.json", "application/json")


def as_file(kind: str, name: str, columns: Sequence[str], rows: Rows, **around: Any) -> Response:
    """Stream the rows as the kind of file that the address names, `csv` or `json`.

    `around` is what stands around the rows of a JSON file; a CSV file has no place for it.
    """
    if kind == "csv":
        return as_csv(name, columns, rows)
    return as_json(name, columns, rows, **around)


def _later(closing: Callable[[], Rows]) -> Iterator[Mapping[str, Any]]:
    yield from closing()


def _members(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), default=plain)[1:-1]


def _gathered(pieces: Iterable[str]) -> Iterator[str]:
    """Join small pieces: each that is sent costs a write to the network."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size > CHUNK:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


def _download(parts: Iterator[str], file_name: str, mimetype: str) -> Response:
    # The first part is made before the answer begins: a query that fails gets its error page.
    first = next(parts)
    response = Response(stream_with_context(itertools.chain([first], parts)), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
