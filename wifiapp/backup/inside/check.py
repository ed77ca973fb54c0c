"""Check a wifiapp backup on any PC: `python3 check.py ARCHIVE.zip`, or in the unpacked folder.

Needs Python 3.8 or newer and nothing else. Compares every table with the manifest: size, SHA-256
and number of rows. Ends with 0 when the archive is whole, with 1 when it is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 1 << 18


class RowCounter:
    """Counts the lines of CSV text that end outside quotes, block by block."""

    def __init__(self) -> None:
        self.rows = 0
        self.last = b"\n"
        self.in_quotes = False

    def feed(self, block: bytes) -> None:
        """Count on; a block may end anywhere."""
        if not block:
            return
        pieces = block.split(b'"')
        start = 1 if self.in_quotes else 0
        self.rows += sum(piece.count(b"\n") for piece in pieces[start::2])
        self.in_quotes ^= len(pieces) % 2 == 0
        self.last = block[-1:]

    @property
    def complete(self) -> bool:
        """Whether the text ended with a whole line."""
        return not self.in_quotes and self.last == b"\n"


def complaints(open_member: Callable[[str], IO[bytes]], table: dict[str, Any]) -> list[str]:
    """Return what is wrong with a table, as sentences; none when it is as announced."""
    counter, sha256, size = RowCounter(), hashlib.sha256(), 0
    with open_member("tables/" + table["name"] + ".csv") as member:
        for block in iter(lambda: member.read(BLOCK), b""):
            sha256.update(block)
            counter.feed(block)
            size += len(block)
    found = []
    if size != table["bytes"]:
        found.append(f"has {size} bytes instead of {table['bytes']}")
    if sha256.hexdigest() != table["sha256"]:
        found.append("has another SHA-256")
    if counter.rows - 1 != table["rows"] or not counter.complete:
        found.append(f"has {counter.rows - 1} rows instead of {table['rows']}")
    return found


def check(open_member: Callable[[str], IO[bytes]]) -> int:
    """Print what is found, and return the number of tables that are wrong."""
    with open_member("manifest.json") as member:
        manifest = json.loads(member.read().decode("utf-8"))
    wrong = 0
    for table in manifest["tables"]:
        try:
            found = complaints(open_member, table)
        except (OSError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            found = [f"cannot be read: {error}"]
        wrong += bool(found)
        said = "; ".join(found) or f"{table['rows']} rows, as announced"
        print(f"{'WRONG' if found else 'ok':5} {table['name']}: {said}")  # noqa: T201
    rows = sum(table["rows"] for table in manifest["tables"])
    verdict = f"DAMAGED, {wrong} tables are wrong" if wrong else f"whole, {rows} rows"
    print(f"The backup of {manifest['made_at']} is {verdict}.")  # noqa: T201
    return wrong


def main(arguments: list[str]) -> int:
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    try:
        if arguments:
            with zipfile.ZipFile(arguments[0]) as archive:
                return 1 if check(archive.open) else 0
        return 1 if check(lambda name: open(os.path.join(here, name), "rb")) else 0  # noqa: PTH118, PTH123
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        print(f"This is not a whole backup: {error}")  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
