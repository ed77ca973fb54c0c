"""The backup engine's door: make an archive, read it, prove it, bring it back.

Only `inspect` and `check` need no database. The others take the one advisory lock of the
database and raise `Busy` when somebody has it; `verify`, `restore` and `undo_restore` run in an
app context, since the migrations do. Every error is a `BackupError`, after which nothing is
half-done.
"""

from pathlib import Path

from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.backup.errors import (
    BackupError,
    Busy,
    Cancelled,
    Damaged,
    DiskFull,
    NewerArchive,
    NotAnArchive,
    RefusedRow,
    SchemaSick,
)
from wifiapp.backup.manifest import Manifest
from wifiapp.backup.results import (
    Checked,
    Created,
    Options,
    Progress,
    Report,
    Restored,
    TableResult,
    Undone,
    Verified,
    say_nothing,
)
from wifiapp.config import Config

__all__ = [
    "BackupError",
    "Busy",
    "Cancelled",
    "Checked",
    "Created",
    "Damaged",
    "DiskFull",
    "Manifest",
    "NewerArchive",
    "NotAnArchive",
    "Options",
    "Progress",
    "RefusedRow",
    "Report",
    "Restored",
    "SchemaSick",
    "TableResult",
    "Undone",
    "Verified",
    "check",
    "clean_up",
    "create",
    "inspect",
    "restore",
    "undo_restore",
    "verify",
]


def create(
    config: Config, options: Options, folder: Path, *, made_by: str, report: Report = say_nothing
) -> Created:
    """Write an archive of this moment into the folder (made when missing)."""
    raise NotImplementedError


def inspect(path: Path) -> Manifest:
    """Read what an archive says of itself, its structure checked, its rows not yet."""
    raise NotImplementedError


def check(path: Path, report: Report = say_nothing) -> Checked:
    """Read every byte of an archive and compare it with what was announced."""
    raise NotImplementedError


def verify(config: Config, path: Path, report: Report = say_nothing) -> Verified:
    """Prove that an archive restores: load it into a scratch schema, compare, drop that."""
    raise NotImplementedError


def restore(
    config: Config, path: Path, report: Report = say_nothing, *, actor: Actor = COMMAND_LINE
) -> Restored:
    """Put the archive in the place of the live data, all or nothing; the audit log says who."""
    raise NotImplementedError


def undo_restore(config: Config, *, actor: Actor = COMMAND_LINE) -> Undone:
    """Swap back what was there before the last restore; doing it twice restores again."""
    raise NotImplementedError


def clean_up(config: Config) -> None:
    """Remove what dead runs left: scratch schemas, `.part` files, undo data past its days.

    Does nothing while a run is under way.
    """
    raise NotImplementedError
