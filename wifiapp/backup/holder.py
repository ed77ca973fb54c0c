"""Who makes a backup: a lock that ends with its holder, and what it writes of its progress."""

import contextlib
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, TypeVar

import psycopg

from wifiapp import clock
from wifiapp.backup.engine import Busy, Cancelled, Progress
from wifiapp.backup.queries import LOCK_KEY
from wifiapp.backup.results import Report, say_nothing
from wifiapp.backup.running import connected
from wifiapp.config import Config

INTERVAL = 0.5  # seconds between two writes, or two attempts
PATIENCE = 5.0  # seconds to wait for another run of the engine
Result = TypeVar("Result")

_TAKE = f"SELECT pg_try_advisory_lock({LOCK_KEY})".replace(":id", "%(id)s")
_WRITE = """
    UPDATE {}
    SET stage = %(stage)s, "stageTable" = %(table)s, "rowsDone" = %(rows_done)s,
        "rowsExpected" = %(rows_expected)s, "bytesDone" = %(bytes_done)s, "updatedAt" = %(now)s
    WHERE id = %(id)s
    RETURNING "cancelRequestedAt" IS NOT NULL
"""


@contextlib.contextmanager
def holder_of(
    config: Config,
    backup_id: str,
    stop: Event | None = None,
    listener: Report = say_nothing,
    table: str = "backups",
) -> Iterator["Holder"]:
    """Give a holder its connection; `stop` is a worker's, `listener` is told the progress too.

    `table` has the row: the catalogue's, or another with the same columns for progress.
    """
    with connected(config) as connection:
        yield Holder(connection, backup_id, stop, listener, table)


class Holder:
    """Holds a backup on a connection of its own, so that nobody else makes or buries it.

    `report` is what the engine is given: it writes the progress at most twice a second, and
    raises `Cancelled` when somebody asked for that or `stop` is set. As it writes on the
    connection that holds the lock, a holder that lost the lock cannot go on.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        backup_id: str,
        stop: Event | None,
        listener: Report,
        table: str,
    ) -> None:
        self.connection = connection
        self.id = backup_id
        self.stop = stop or Event()
        self.is_worker = stop is not None
        self.listener = listener
        self.write = _WRITE.format(table).encode()
        self.next_write = 0.0
        self.stage = ""

    def take(self) -> bool:
        """Take the lock if nobody has it; tell whether it was free."""
        row = self.connection.execute(_TAKE, {"id": self.id}).fetchone()
        return bool(row and row[0])

    def patiently(self, run: Callable[[], Result]) -> Result:
        """Run once the engine is free: a clean-up or the end of another run takes a moment."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return run()
            except Busy:
                if time.monotonic() > deadline or self.stop.wait(INTERVAL):
                    raise

    def begins_again(self, error: BaseException) -> bool:
        """Tell whether the backup waits again: a worker was stopped, or something else runs."""
        is_stopped = isinstance(error, Cancelled) and self.stop.is_set()
        return self.is_worker and (is_stopped or isinstance(error, Busy))

    def report(self, progress: Progress) -> None:
        """Write how far the backup is, or raise `Cancelled`."""
        if self.stop.is_set():
            raise Cancelled("The worker was stopped.")
        self.listener(progress)
        now = time.monotonic()
        if now < self.next_write and progress.stage == self.stage:
            return
        self.next_write, self.stage = now + INTERVAL, progress.stage
        facts = {**vars(progress), "id": self.id, "now": clock.now().replace(tzinfo=None)}
        row = self.connection.execute(self.write, facts).fetchone()
        if row is None or row[0]:
            raise Cancelled("Somebody cancelled it.")
