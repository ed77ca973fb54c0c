"""Reports as files: the same rows as the page, as CSV and JSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Response, stream_with_context

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def defused(value: Any) -> Any:
    """Make a text cell harmless to spreadsheets, which run what begins with = + - @."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return "'" + value
    return plain(value)


def plain(value: Any) -> Any:
    """Return what CSV and JSON can hold: times as ISO 8601 in UTC, money as digits."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    return value


def as_csv(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """Stream the rows as `<name>.csv` with a heading, cells defused."""

    def lines() -> Iterator[str]:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([defused(row[column]) for column in columns])
            if out.tell() > 1 << 15:
                yield out.getvalue()
                out.seek(0)
                out.truncate()
        yield out.getvalue()

    return _download(lines(), f"{name}.csv", "text/csv; charset=utf-8")


def as_json(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    **around: Any,
) -> Response:
    """Stream `{"rows": [...], **around}`; money is text, so that no cent is rounded away."""

    def parts() -> Iterator[str]:
        head = json.dumps(around, default=plain)[1:-1]
        yield "{" + (head + ", " if head else "") + '"rows": ['
        comma = ""
        for row in rows:
            yield comma + json.dumps({column: plain(row[column]) for column in columns})
            comma = ",\n"
        yield "]}\n"

    return _download(parts(), f"{name}.json", "application/json")


def _download(parts: Iterator[str], file_name: str, mimetype: str) -> Response:
    response = Response(stream_with_context(parts), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
