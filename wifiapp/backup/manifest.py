"""manifest.json: what an archive says of itself."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from wifiapp.backup.errors import NewerArchive, NotAnArchive
from wifiapp.backup.results import Options

FORMAT = 1
LONGEST = 4 << 20
APPLICATION = "wifiapp"

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """One table of an archive; `bytes` and `sha256` are those of the CSV text.

    `digest` depends on the rows and not on their order (see `digest`). `left_out` says what
    was left out by an option, None when every row is there.
    """

    name: str
    columns: tuple[Column, ...]
    rows: int
    bytes: int
    sha256: str
    digest: str
    left_out: str | None = None

    @property
    def member(self) -> str:
        return f"tables/{self.name}.csv"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Manifest:
    """What the archive holds and where it comes from; `made_at` is ISO 8601 in UTC."""

    app_version: str
    made_at: str
    made_by: str
    revision: str
    postgresql: str
    options: Options
    business_name: str | None
    key_fingerprint: str
    tables: tuple[Table, ...]
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    @property
    def size(self) -> int:
        """The bytes of all tables as CSV."""
        return sum(table.bytes for table in self.tables)

    @property
    def is_partial(self) -> bool:
        """Whether an option left rows out, so that a restore will not bring everything back."""
        return any(table.left_out for table in self.tables)

    def as_json(self) -> bytes:
        named = {"application": APPLICATION, "format": self.format, **asdict(self)}
        return json.dumps(named, indent=1, ensure_ascii=False).encode() + b"\n"


def parse(text: bytes) -> Manifest:
    """Read a manifest, or raise `NotAnArchive`, or `NewerArchive` for a later format."""
    try:
        given = json.loads(text.decode())
        if given["application"] != APPLICATION:
            raise ValueError("it was made by another program")  # noqa: TRY301 - one way out
        if _number(given["format"]) > FORMAT:
            raise NewerArchive(f"format {given['format']}", f"format {FORMAT}")
        return _manifest(given)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise NotAnArchive(
            "This file is not a backup that wifiapp can read: its manifest is wrong "
            f"({error!r:.200}). Your data was not changed. Choose another file."
        ) from error


def _manifest(given: dict[str, Any]) -> Manifest:
    tables = tuple(_table(table) for table in given["tables"])
    if len({table.name for table in tables}) < len(tables):
        raise ValueError("a table stands twice")
    return Manifest(
        app_version=_text(given["app_version"]),
        made_at=_text(given["made_at"]),
        made_by=_text(given["made_by"]),
        revision=_matching(r"\w{1,64}", given["revision"]),
        postgresql=_text(given["postgresql"]),
        options=_options(given["options"]),
        business_name=_maybe(_text, given["business_name"]),
        key_fingerprint=_text(given["key_fingerprint"]),
        tables=tables,
        format=_number(given["format"]),
    )


def _options(given: dict[str, Any]) -> Options:
    return Options(
        business_id=_maybe(_text, given["business_id"]),
        business_data=_truth(given["business_data"]),
        audit_logs=_truth(given["audit_logs"]),
        demo_data=_truth(given["demo_data"]),
    )


def _table(given: dict[str, Any]) -> Table:
    return Table(
        name=_matching(r"[a-z][a-z0-9_]{0,62}", given["name"]),
        columns=tuple(
            Column(_matching(r"[A-Za-z]\w{0,62}", column["name"]), _text(column["type"]))
            for column in given["columns"]
        ),
        rows=_number(given["rows"]),
        bytes=_number(given["bytes"]),
        sha256=_matching(r"[0-9a-f]{64}", given["sha256"]),
        digest=_matching(r"-?[0-9]{1,40}", given["digest"]),
        left_out=_maybe(_text, given["left_out"]),
    )


def _maybe(parse_one: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else parse_one(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is missing")
    return value


def _matching(pattern: str, value: Any) -> str:
    if not re.fullmatch(pattern, _text(value), re.ASCII):
        raise ValueError(f"{value[:80]!r} is not what stands there")
    return _text(value)


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a number is missing")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a yes or no is missing")
    return value
