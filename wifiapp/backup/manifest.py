"""manifest.json: what an archive says of itself."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from wifiapp.backup.errors import NotAnArchive
from wifiapp.backup.results import Options

FORMAT = 1


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """One table of an archive; `bytes` and `sha256` are those of the CSV text.

    `left_out` says which option left rows out, None when every row is there.
    """

    name: str
    columns: tuple[Column, ...]
    rows: int
    bytes: int
    sha256: str
    digest: str
    left_out: str | None = None


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
    def bytes(self) -> int:
        return sum(table.bytes for table in self.tables)

    def as_json(self) -> bytes:
        named = {"application": "wifiapp", **asdict(self)}
        return json.dumps(named, indent=1, ensure_ascii=False).encode()


def parse(text: bytes) -> Manifest:
    """Read a manifest, or raise `NotAnArchive`."""
    raise NotImplementedError
