"""Telling how far a run is, a few times a second, from whichever threads do the work."""

import threading
import time

from wifiapp.backup.results import Progress, Report

INTERVAL = 0.25  # seconds


class Reporter:
    """Adds up what the threads of a run have done, and passes it on.

    Only the thread that made it calls the report function, which may raise `Cancelled`;
    the others learn of that by `stopped`.
    """

    def __init__(self, report: Report, rows_expected: int | None = None) -> None:
        self._report = report
        self._rows_expected = rows_expected
        self._owner = threading.get_ident()
        self._next = 0.0
        self._stage = "preparing"
        self._table: str | None = None
        self._rows: dict[str, int] = {}  # by table: each has one writer
        self._sizes: dict[str, int] = {}
        self.stopped = threading.Event()

    def stage(self, stage: str, rows_expected: int | None = None) -> None:
        """Begin a stage, from nothing done, and say so at once."""
        self._stage, self._table = stage, None
        self._rows, self._sizes = {}, {}
        self._rows_expected = rows_expected
        self.tell()

    def add(self, table: str, rows: int, size: int) -> None:
        """Note that `rows` of the table are done by now, and `size` bytes more."""
        self._table = table
        self._rows[table] = rows
        self._sizes[table] = self._sizes.get(table, 0) + size
        self.pause()

    def pause(self) -> None:
        """Let the run be stopped here; report when it is time to."""
        if threading.get_ident() == self._owner:
            if time.monotonic() >= self._next:
                self.tell()
        elif self.stopped.is_set():
            raise Stopped

    def tell(self) -> None:
        self._next = time.monotonic() + INTERVAL
        rows, size = sum([*self._rows.values()]), sum([*self._sizes.values()])
        self._report(Progress(self._stage, self._table, rows, self._rows_expected, size))


class Stopped(Exception):
    """Another thread of the run ended it."""
