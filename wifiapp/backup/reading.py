"""Reading an archive that may be cut, damaged or hostile.

Nothing is unpacked to the disk, and no member is read before the ZIP's own list of contents
agrees with the manifest about names and sizes.
"""

import contextlib
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from wifiapp.backup import manifest
from wifiapp.backup.encryption import is_encrypted
from wifiapp.backup.errors import BackupError, Damaged, KeyNeeded, NotAnArchive
from wifiapp.backup.inside.check import RowCounter
from wifiapp.backup.manifest import LONGEST, Manifest, Table
from wifiapp.backup.reporting import Reporter
from wifiapp.backup.results import Checked
from wifiapp.backup.writing import fast_zlib

BLOCK = 1 << 16  # as in `copying`
LOCAL_HEADER = 30
ENCRYPTED = 0x1
# Rows carry random ids, so no real table shrinks like this; below the size it does no harm.
BOMB_RATIO, BOMB_SIZE = 200, 64 << 20
BROKEN: tuple[type[Exception], ...] = (
    BadZipFile,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    zlib.error,
    fast_zlib.error,
)


class Archive:
    """An archive opened for reading, its list of contents checked; may be read by threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = _open(path)
        try:
            self.manifest = _read_manifest(self._zip)
            _check_contents(self._zip, self.manifest, path)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def blocks(self, table: Table) -> Iterator[bytes]:
        """Yield the table's CSV; raises `Damaged` when it is not as announced."""
        sha256, size = hashlib.sha256(), 0
        head = ",".join(table.column_names).encode() + b"\n"
        for block in _read(self._zip, table.member):
            if not size and not block.startswith(head):
                raise Damaged(table.member, "does not begin with the columns announced")
            size += len(block)
            if size > table.bytes:
                raise Damaged(table.member, f"is longer than the {table.bytes} bytes announced")
            sha256.update(block)
            yield block
        if size != table.bytes:
            raise Damaged(table.member, f"has {size} bytes instead of {table.bytes}")
        if sha256.hexdigest() != table.sha256:
            raise Damaged(table.member, "has another SHA-256 than announced")


def inspect(path: Path) -> Manifest:
    """Read what an archive says of itself, its structure checked, its rows not yet."""
    with Archive(path) as archive:
        return archive.manifest


def check_all(archive: Archive, reporter: Reporter) -> Checked:
    """Read every byte and compare it with what was announced."""
    said = archive.manifest
    reporter.stage("checking", said.rows)
    for table in said.tables:
        _check_table(archive, table, reporter)
    size, sha256 = hash_file(archive.path)
    return Checked(archive.path, size, sha256, said.rows, said.revision)


def _check_table(archive: Archive, table: Table, reporter: Reporter) -> None:
    counter = RowCounter()
    for block in archive.blocks(table):
        counter.feed(block)
        reporter.add(table.name, counter.rows - 1, len(block))
    if counter.rows - 1 != table.rows or not counter.complete:
        raise Damaged(table.member, f"has {counter.rows - 1} rows instead of {table.rows}")


def hash_file(path: Path) -> tuple[int, str]:
    """Return the size and the SHA-256 of the whole file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


# -- the ZIP -------------------------------------------------------------------------------


def _open(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except FileNotFoundError:
        raise NotAnArchive(f"There is no file {path}. Your data was not changed.") from None
    except OSError as error:
        raise BackupError(
            f"The file {path} cannot be read ({error.strerror}). Your data was not changed."
        ) from error
    except BROKEN as error:
        with path.open("rb") as file:
            begins_well = file.read(4) == b"PK\x03\x04"
        if is_encrypted(path):
            raise KeyNeeded(path.name) from error
        if begins_well:
            raise Damaged(path.name, "is cut off, its end is missing") from error
        raise NotAnArchive(
            "This file is not a backup: it is no ZIP file. Your data was not changed. Choose a "
            "file that wifiapp made."
        ) from error


def _read_manifest(archive: ZipFile) -> Manifest:
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    if "manifest.json" not in sizes:
        raise NotAnArchive(
            "This ZIP file is not a backup made by wifiapp: it has no manifest.json. Your data was "
            "not changed. Choose another file."
        )
    if sizes["manifest.json"] > LONGEST:
        raise Damaged("manifest.json", "is far too long")
    return manifest.parse(b"".join(_read(archive, "manifest.json")))


def _check_contents(archive: ZipFile, said: Manifest, path: Path) -> None:
    """Compare the ZIP's list with the manifest: names, sizes, places in the file."""
    expected = {table.member: table.bytes for table in said.tables}
    small = {"manifest.json", "README.txt", "check.py"}
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename
        if name in seen:
            raise Damaged(name, "stands twice in the file")
        seen.add(name)
        if name not in expected and name not in small:
            raise Damaged(repr(name), "does not belong in a backup")
        if name in expected and info.file_size != expected[name]:
            raise Damaged(name, f"has {info.file_size} bytes instead of {expected[name]}")
        _check_member(info)
    if missing := sorted((expected.keys() | small) - seen):
        raise Damaged(missing[0], "is missing")
    _check_places(archive, path)


def _check_member(info: ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED or info.compress_type not in {ZIP_DEFLATED, ZIP_STORED}:
        raise Damaged(info.filename, "is packed in another way than a backup is")
    if info.filename in {"README.txt", "check.py"} and info.file_size > LONGEST:
        raise Damaged(info.filename, "is far too long")
    if info.file_size > BOMB_SIZE and info.file_size > BOMB_RATIO * info.compress_size:
        raise Damaged(info.filename, "claims to hold more than rows of a shop can be packed into")


def _check_places(archive: ZipFile, path: Path) -> None:
    """Refuse members that share bytes of the file, or lie outside it."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Damaged(info.filename, "shares its bytes with another member")
        end = info.header_offset + LOCAL_HEADER + len(info.filename) + info.compress_size
    if end > path.stat().st_size:
        raise Damaged(path.name, "is cut off")


def _read(archive: ZipFile, name: str) -> Iterator[bytes]:
    """Yield a member's content in blocks; its CRC is checked at the end."""
    with contextlib.ExitStack() as stack:
        try:
            stream: Any = stack.enter_context(archive.open(name))
            if archive.getinfo(name).compress_type == ZIP_DEFLATED:
                stream._decompressor = fast_zlib.decompressobj(-15)  # noqa: SLF001
            block = stream.read(BLOCK)
        except BROKEN as error:
            raise Damaged(name, f"cannot be read ({error})") from error
        while block:
            yield block
            try:
                block = stream.read(BLOCK)
            except BROKEN as error:
                raise Damaged(name, f"cannot be read ({error})") from error
