"""What goes into the backup engine, and what comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What an archive takes: everything of the shops, or one business, with or without parts."""

    business_id: str | None = None
    business_data: bool = True
    audit_logs: bool = False
    demo_data: bool = False


@dataclass(frozen=True)
class Progress:
    """How far a run is; `rows_expected` is an estimate, bytes are those of the CSV text.

    Stages: preparing, copying, checking, loading, indexing, comparing, migrating, swapping.
    """

    stage: str
    table: str | None
    rows_done: int
    rows_expected: int | None
    bytes_done: int


Report = Callable[[Progress], None]
Announce = Callable[[Path], object]  # told a file's path before there is a file of that name


@dataclass(frozen=True)
class TableResult:
    """A table's rows and its order-free digest (see `digest`)."""

    name: str
    rows: int
    digest: str


@dataclass(frozen=True)
class Created:
    """A finished archive; size in bytes, the SHA-256 is the whole file's."""

    path: Path
    size: int
    sha256: str
    rows: int
    revision: str
    tables: tuple[TableResult, ...]


@dataclass(frozen=True)
class Checked:
    """An archive whose every byte was read and is as announced."""

    path: Path
    size: int
    sha256: str
    rows: int
    revision: str


@dataclass(frozen=True)
class Verified:
    """An archive that was loaded into a scratch schema and came out equal.

    `foreign_keys` is how many were there and hold for every row.
    """

    path: Path
    size: int
    sha256: str
    rows: int
    revision: str
    tables: tuple[TableResult, ...]
    seconds: float
    foreign_keys: int = 0


@dataclass(frozen=True)
class Restored:
    """A finished restore.

    `kept_as` is the schema that holds what was there before; `notes` are sentences for the
    person who restored: what the archive did not bring, a key that differs.
    """

    tables: tuple[TableResult, ...]
    rows: int
    seconds: float
    revision_from: str
    revision_to: str
    lock_milliseconds: float
    kept_as: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Undone:
    """A restore that was taken back: `came_back` is live again, `kept_as` holds what was live."""

    came_back: str
    kept_as: str
    lock_milliseconds: float


def tell_nobody(path: Path) -> None:
    """Announce to nobody."""


def say_nothing(progress: Progress) -> None:
    """Report to nobody."""
