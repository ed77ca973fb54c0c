"""Writing an archive: a ZIP that goes out as one stream, hashed on the way.

It grows as `….part` under a file lock and gets its name when every byte is on the disk, so a file
with an archive's name is always whole, and a `.part` without a lock belongs to nobody alive.
"""

import contextlib
import fcntl
import hashlib
import importlib
import os
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, BinaryIO, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

fast_zlib: ModuleType
try:
    fast_zlib = importlib.import_module("isal.isal_zlib")
except ImportError:  # no wheel for this machine: the same format, four times slower
    fast_zlib = zlib

LEVEL = 1
PART = ".part"


class Member:
    """A file within the archive while it is written; `bytes` and `sha256` are of its content."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, block: bytes) -> None:
        self._sha256.update(block)
        self._stream.write(block)
        self.bytes += len(block)


class Writer:
    """Writes an archive of this path; without `finish` nothing of it stays.

    `made_at` is the time written beside the members' names. Raises `OSError`.
    """

    def __init__(self, path: Path, made_at: datetime) -> None:
        self.path = path
        self._part = path.with_name(path.name + PART)
        self._date = made_at.timetuple()[:6]
        descriptor = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._hashing = _Hashing(self._file)
        # A stream that cannot seek: sizes stand behind each member, and nothing is written twice.
        self._zip = ZipFile(self._hashing, "w", ZIP_DEFLATED)  # type: ignore[call-overload]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Throw away what was not finished; after `finish` there is nothing to do."""
        self._zip.fp = None  # an archive given up is not completed first
        with contextlib.suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    @contextlib.contextmanager
    def member(self, name: str) -> Iterator[Member]:
        """Begin the next member, of any size."""
        info = ZipInfo(name, self._date)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as stream:
            # The one thing that zipfile does not let us choose is who deflates.
            stream._compressor = fast_zlib.compressobj(LEVEL, zlib.DEFLATED, -15)  # noqa: SLF001
            yield Member(stream)

    def add(self, name: str, content: bytes) -> None:
        """Add a small member whole."""
        with self.member(name) as member:
            member.write(content)

    def finish(self) -> tuple[int, str]:
        """Give the archive its name once all of it is on the disk; return its size and SHA-256."""
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.rename(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self._hashing.size, self._hashing.sha256.hexdigest()


def remove_dead_parts(folder: Path) -> None:
    """Remove the unfinished archives whose writers are gone."""
    for part in folder.glob(f"wifiapp-*{PART}"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


class _Hashing:
    """A file to write to, once and in order, that hashes what it is given."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Leave flushing to the end: zipfile asks for it after each member."""
