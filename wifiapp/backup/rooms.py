"""Folders for what must not stay: plain archives, for as long as somebody works on them.

A room belongs to the process that holds its lock, so that one whose process was killed belongs to
nobody and is cleared at the next start. A room that was left open for the worker is cleared when
nobody came within the hour.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from wifiapp import clock
from wifiapp.backup.errors import BackupError, DiskFull

PRIVATE, LEFT = ".making-", ".opened-"
PATIENCE = 3600  # seconds that a room waits for its worker
SPARE = 16 << 20  # bytes of the disk that stay free


class Closed(BackupError):
    """What was opened for a run is no longer there."""

    def __init__(self) -> None:
        super().__init__(
            "The archive was opened for this more than an hour ago, and closed again. Your data "
            "was not changed. Give the key of the emergency kit once more."
        )


@contextlib.contextmanager
def room(folder: Path) -> Iterator[Path]:
    """Lend a private folder beside the archives; what is in it goes with the block's end."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = folder / f"{PRIVATE}{uuid4().hex}"
    place.mkdir(mode=0o700)
    with _locked(place):
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def leave(place: Path, job: str) -> None:
    """Let a room outlive its block, for the worker that does the job of this id."""
    target = place.with_name(LEFT + job)
    shutil.rmtree(target, ignore_errors=True)
    place.rename(target)


@contextlib.contextmanager
def left(folder: Path, job: str) -> Iterator[Path]:
    """Enter the room that was left for the job, and lend the file in it; raise `Closed`."""
    place = folder / (LEFT + job)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_locked(place))
            (file,) = place.iterdir()
        except (OSError, ValueError):
            raise Closed from None
        yield file


def clear(folder: Path, job: str) -> None:
    """Remove the room that was left for the job, if there is one."""
    shutil.rmtree(folder / (LEFT + job), ignore_errors=True)


def clear_dead(folder: Path) -> None:
    """Remove the rooms that belong to nobody."""
    for place in [*folder.glob(PRIVATE + "*"), *folder.glob(LEFT + "*")]:
        with contextlib.suppress(OSError), _locked(place):
            age = clock.now().timestamp() - place.stat().st_mtime
            if place.name.startswith(PRIVATE) or age > PATIENCE:
                shutil.rmtree(place, ignore_errors=True)


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise `DiskFull` when fewer bytes are free; `what` cannot happen then."""
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        raise DiskFull(
            f"{what}: it needs {(needed + SPARE) >> 20} MB and {folder} has {free >> 20} MB free. "
            "Your data was not changed. Delete old backups or free some space, then try again."
        )


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold the folder's lock; raise `OSError` when somebody else does, or it is gone."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
