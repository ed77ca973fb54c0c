"""Archives that people send: streamed to the disk, never held in memory, gone after a day.

An upload grows as `….part` under a file lock and gets its name, which is its restore's id, when
all of it has come. The name it had at home is only shown. Beside them lie for an hour the plain
copies of encrypted archives that somebody opened with their key to restore them.
"""

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from wifiapp.backup.creating import SPARE
from wifiapp.backup.errors import BackupError, DiskFull
from wifiapp.backup.running import explained
from wifiapp.backup.writing import PART
from wifiapp.config import Config

BLOCK = 1 << 18
ENVELOPE = 1 << 14  # bytes of a form beside its file
KEPT, KEPT_PLAIN = timedelta(days=1), timedelta(hours=1)
PLAIN = ".plain.zip"
LONGEST_NAME = 120
NO_FILE = "Choose the file of a backup first. Nothing was sent."


class NotUploaded(BackupError):
    """The file did not arrive, so nothing of it was kept."""

    status = 422


class TooLarge(NotUploaded):
    """The file is larger than may be sent."""

    status = 413


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def folder_of(config: Config) -> Path:
    """Return where uploads lie, which is made when missing."""
    folder = config.backup_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def path_of(config: Config, restore_id: str) -> Path:
    """Return where the upload of this restore lies, or would."""
    return config.backup_dir / "uploads" / f"{restore_id}.zip"


def plain_path_of(config: Config, restore_id: str) -> Path:
    """Return where the plain copy of this restore's encrypted archive lies, or would."""
    return config.backup_dir / "uploads" / f"{restore_id}{PLAIN}"


def limit_of(config: Config) -> int:
    """Return how many bytes may be sent now: what the setting and the disk allow."""
    free = shutil.disk_usage(folder_of(config)).free - SPARE
    return max(0, min(config.upload_limit, free))


def require_room(config: Config, announced: int | None) -> int:
    """Return the most bytes that may come; raise `TooLarge` or `DiskFull` for more."""
    limit = limit_of(config)
    if announced is not None and announced - ENVELOPE > config.upload_limit:
        raise _too_large(config.upload_limit)
    if limit < min(config.upload_limit, announced or 1):
        raise DiskFull(
            f"The file was not stored: the disk of {config.backup_dir} has only {limit >> 20} MB "
            "to spare. Your data was not changed. Delete old backups or free some space, then "
            "send it again."
        )
    return limit


def receive(
    stream: Stream,
    boundary: bytes,
    path: Path,
    limit: int,
    allow: Callable[[str], object],
) -> str:
    """Store the form's field `archive` as this path (mode 600) and return the name it came with.

    `allow` is given the form's `csrf_token`, which must stand before the file, and raises when
    that will not do: nothing is stored by then. Raises `NotUploaded`, `TooLarge`.
    """
    fields: dict[str, bytes] = {}
    name = None
    try:
        with explained("The file was not stored"):
            for event in (events := _events(stream, boundary)):
                if isinstance(event, File) and event.name == "archive":
                    allow(_token(fields))
                    _store(events, path, limit)
                    return shown_name(event.filename)
                if isinstance(event, (Field, File)):
                    name = event.name if isinstance(event, Field) else None
                elif isinstance(event, Data) and name is not None:
                    fields[name] = _joined(fields.get(name, b""), event.data)
    except (ValueError, ClientDisconnected, RequestEntityTooLarge) as error:
        allow(_token(fields))
        raise NotUploaded(
            "The file did not arrive whole, so nothing of it was kept. Your data was not changed. "
            "Send it again."
        ) from error
    allow(_token(fields))
    raise NotUploaded(NO_FILE)


def _joined(before: bytes, more: bytes) -> bytes:
    if len(before) + len(more) > ENVELOPE:
        raise ValueError("a field is too long")
    return before + more


def _token(fields: Mapping[str, bytes]) -> str:
    return fields.get("csrf_token", b"").decode(errors="replace")


def shown_name(given: str) -> str:
    """Return the last part of a file's name at home, fit to be shown."""
    name = re.split(r"[/\\]", given)[-1]
    printable = "".join(c for c in name if c.isprintable()).strip()
    return printable[-LONGEST_NAME:] or "upload.zip"


def remove(config: Config, restore_id: str) -> None:
    """Delete what was uploaded or opened for this restore, which may be gone already."""
    close(config, restore_id)
    with contextlib.suppress(OSError):
        path_of(config, restore_id).unlink(missing_ok=True)


def close(config: Config, restore_id: str) -> None:
    """Delete the plain copy of this restore's archive, which may be gone already."""
    with contextlib.suppress(OSError):
        plain_path_of(config, restore_id).unlink(missing_ok=True)


def sweep(config: Config, now: datetime) -> int:
    """Delete uploads older than a day and those that nobody is sending any more; count them."""
    count = 0
    for path in (config.backup_dir / "uploads").glob("*"):
        with contextlib.suppress(OSError):
            if path.name.endswith(PART):
                count += _remove_dead(path)
            else:
                kept = KEPT_PLAIN if path.name.endswith(PLAIN) else KEPT
                if now.timestamp() - path.stat().st_mtime > kept.total_seconds():
                    path.unlink()
                    count += 1
    return count


def _events(stream: Stream, boundary: bytes) -> Iterator[Event]:
    """Yield the parts of a form as they come; raises `ValueError` when it is cut."""
    decoder = MultipartDecoder(boundary, max_parts=10)
    for block in chain(_blocks(stream, boundary), [None]):
        decoder.receive_data(block)
        while not isinstance(event := decoder.next_event(), NeedData):
            yield event
            if isinstance(event, Epilogue):
                return


def _blocks(stream: Stream, boundary: bytes) -> Iterator[bytes]:
    """Yield what comes, and never end right behind a boundary.

    The decoder takes the line break before a boundary for data when it cannot see what follows.
    """
    reach = len(boundary) + 8
    held = seen = b""
    while block := stream.read(BLOCK):
        held += block
        seen = (seen + block)[-reach:]
        if boundary not in seen:
            yield held
            held = b""
    yield held


def _store(events: Iterator[Event], path: Path, limit: int) -> None:
    """Write the part under way; nothing of it stays unless it is whole."""
    part = path.with_name(path.name + PART)
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=BLOCK) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(events, file, limit)
            file.flush()
            os.fsync(file.fileno())
            part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(events: Iterator[Event], file: BinaryIO, limit: int) -> None:
    size = 0
    for event in events:
        if not isinstance(event, Data):
            raise ValueError("the file has no end")  # noqa: TRY004 - as the parser says it
        size += len(event.data)
        if size > limit:
            raise _too_large(limit)
        file.write(event.data)
        if not event.more_data:
            break
    else:
        raise ValueError("the file has no end")
    if not size:
        raise NotUploaded(NO_FILE)


def _remove_dead(part: Path) -> int:
    with part.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink()
    return 1


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The file is larger than the {limit >> 20} MB that may be sent, so nothing of it was "
        "kept. Your data was not changed. Copy it into the folder of the backups, and restore it "
        "there with flask backup restore."
    )
