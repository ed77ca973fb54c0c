"""The backup engine's door: make an archive, read it, prove it, bring it back.

Only `inspect` and `check` need no database. The others take the one advisory lock of the
database and raise `Busy` when somebody has it; `verify`, `restore` and `undo_restore` run in an
app context, since the migrations do. Every error is a `BackupError`, after which nothing is
half-done.
"""

from pathlib import Path

from wifiapp.backup.creating import create
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
from wifiapp.backup.reading import Archive, check_all, inspect
from wifiapp.backup.reporting import Reporter
from wifiapp.backup.restoring import clean_up, restore, undo_restore, verify
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


def check(path: Path, report: Report = say_nothing) -> Checked:
    """Read every byte of an archive and compare it with what was announced."""
    with Archive(path) as archive:
        return check_all(archive, Reporter(report))
