"""Archives in the age format, which `age -d` opens on any PC without this app.

Whole files go through in blocks, so that memory is the same for any size. What is encrypted is
read back before it counts: beside the owner's, each archive names a recipient whose identity
exists only in this process and only for that look; nobody can open anything with it later.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
from pyrage.x25519 import Identity, Recipient

from wifiapp.backup.errors import BackupError, Damaged, NotAnArchive, WrongKey
from wifiapp.backup.keys import Key
from wifiapp.backup.results import Announce, Progress, Report, say_nothing, tell_nobody
from wifiapp.backup.rooms import require_space
from wifiapp.backup.running import explained
from wifiapp.backup.writing import PART

SUFFIX = ".age"
MAGIC = b"age-encryption.org/v1\n"
TELL_EVERY = 1 << 20  # bytes
NOT_MADE, NOT_OPENED = "The backup was not made", "The archive was not opened"


@dataclass(frozen=True)
class Encrypted:
    """An encrypted archive; size in bytes, the SHA-256 is the encrypted file's."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Opened:
    """A plain copy of an encrypted archive; `sha256` is what the encrypted file has."""

    path: Path
    sha256: str


def is_encrypted(path: Path) -> bool:
    """Tell whether the file is an encrypted archive, by its name or by how it begins."""
    if path.suffix == SUFFIX:
        return True
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
    return False


def encrypt(
    plain: Path,
    folder: Path,
    recipient: str,
    report: Report = say_nothing,
    *,
    rows: int = 0,
    announce: Announce = tell_nobody,
) -> Encrypted:
    """Write a plain archive into the folder as one that only the recipient's identity opens.

    Raises `DiskFull`, `Damaged` when it does not read back, and what `report` raises; nothing of
    it stays then. `rows` are the archive's, for the progress; `announce` is as in `create`.
    """
    size = plain.stat().st_size
    tell = _Teller("encrypting", report, 2 * size, rows)
    once = Identity.generate()
    recipients = [Recipient.from_str(recipient), once.to_public()]
    with explained(NOT_MADE):
        require_space(folder, size, NOT_MADE)
        with _growing(folder, plain.name + SUFFIX) as (part, file):
            with plain.open("rb") as source:
                read, write = _Stream(source, tell), _Stream(file)
                _run(lambda: pyrage.encrypt_io(read, write, recipients), read, write)
            file.flush()
            os.fsync(file.fileno())
            with part.open("rb") as again:
                written, opened = _Stream(again, tell), _Stream()
                _run(lambda: pyrage.decrypt_io(written, opened, [once]), written, opened)
            if (opened.digest, written.digest) != (read.digest, write.digest):
                raise Damaged(plain.name + SUFFIX, "did not read back as it was written")
            path = _settle(part, announce)
    return Encrypted(path, written.size, written.digest)


def decrypt(
    archive: Path,
    folder: Path,
    keys: Sequence[Key],
    report: Report = say_nothing,
    *,
    fingerprint: str | None = None,
) -> Opened:
    """Write a plain copy of an encrypted archive into the folder, mode 600.

    `fingerprint` names the key it was made for, where that is known. Raises `WrongKey`, `Damaged`,
    `NotAnArchive`, `DiskFull`, and what `report` raises; the caller throws the folder away.
    """
    target = folder / archive.name.removesuffix(SUFFIX)
    with explained(NOT_OPENED):
        size = _size_of(archive)
        require_space(folder, size, NOT_OPENED)
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with archive.open("rb") as source, os.fdopen(descriptor, "wb") as file:
            read, write = _Stream(source, _Teller("opening", report, size, 0)), _Stream(file)
            identities = [key.identity for key in keys]
            try:
                _run(lambda: pyrage.decrypt_io(read, write, identities), read, write)
            except _Refused as refusal:
                known = fingerprint in {key.fingerprint for key in keys}
                raise _why(archive, refusal, read, keys, known=known) from refusal
    return Opened(target, read.digest)


# -- what age says -------------------------------------------------------------------------------


class _Refused(Exception):
    """Age cannot make sense of what it was given."""


def _run(work: Callable[[], None], *streams: "_Stream") -> None:
    """Let age work; an error of a stream is raised as it was, which age makes a text of."""
    try:
        work()
    except (pyrage.EncryptError, pyrage.DecryptError, OSError) as error:
        for stream in streams:
            if stream.error is not None:
                raise stream.error from None
        raise _Refused(str(error)) from error


def _why(
    archive: Path, refusal: _Refused, read: "_Stream", keys: Sequence[Key], *, known: bool
) -> BackupError:
    """Tell a wrong key from a damaged file, and a damaged file from another one."""
    if "No matching keys" in str(refusal):
        if known:
            return Damaged(archive.name, "is not opened by its own key: it was changed")
        return WrongKey([key.fingerprint for key in keys])
    if not _begins_well(archive):
        return NotAnArchive(
            f"{archive.name} is not an encrypted backup: it is no age file. Your data was not "
            "changed. Choose a file that wifiapp made."
        )
    if read.size >= archive.stat().st_size:
        return Damaged(archive.name, "is cut off, or damaged at its end")
    return Damaged(archive.name, f"was changed at about byte {read.size}")


def _begins_well(path: Path) -> bool:
    with path.open("rb") as file:
        begin = file.read(len(MAGIC))
    return bool(begin) and MAGIC.startswith(begin)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        raise NotAnArchive(f"There is no file {path}. Your data was not changed.") from None


# -- what age is given ---------------------------------------------------------------------------


class _Teller:
    """Tells how far a run through `total` bytes is, once in a while."""

    def __init__(self, stage: str, report: Report, total: int, rows: int) -> None:
        self._stage, self._report, self._rows = stage, report, rows
        self._total, self._done, self._next = max(total, 1), 0, 0

    def add(self, size: int) -> None:
        self._done += size
        if self._done >= self._next:
            self._next = self._done + TELL_EVERY
            rows = min(self._rows * self._done // self._total, self._rows)
            self._report(Progress(self._stage, None, rows, self._rows or None, self._done))


class _Stream:
    """A file for age to read or write once, in order, hashed; without a file only hashed.

    `error` is what went wrong in it, which age itself would only pass on as a text.
    """

    def __init__(self, file: Any = None, tell: _Teller | None = None) -> None:
        self._file, self._tell = file, tell
        self._sha256 = hashlib.sha256()
        self.size = 0
        self.error: BaseException | None = None

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()

    def read(self, size: int = -1) -> bytes:
        try:
            block: bytes = self._file.read(size)
            self._pass(block)
        except BaseException as error:
            self.error = error
            raise
        return block

    def write(self, block: bytes) -> int:
        try:
            self._pass(block)
            if self._file is not None:
                self._file.write(block)
        except BaseException as error:
            self.error = error
            raise
        return len(block)

    def flush(self) -> None:
        """Leave flushing to the end."""

    def _pass(self, block: bytes) -> None:
        self._sha256.update(block)
        self.size += len(block)
        if self._tell is not None:
            self._tell.add(len(block))


# -- files -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _growing(folder: Path, name: str) -> Iterator[tuple[Path, Any]]:
    """Open `….part` under a lock (see `writing`); nothing of it stays when the block fails."""
    part = folder / (name + PART)
    descriptor = os.open(part, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            file.truncate()
            yield part, file
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _settle(part: Path, announce: Announce) -> Path:
    """Give the file its name, or one beside it if that is taken."""
    path = wanted = part.with_name(part.name.removesuffix(PART))
    number = 1
    while path.exists():
        number += 1
        path = wanted.with_name(wanted.name.replace(".zip", f"-{number}.zip"))
    announce(path)
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path
