"""The life of the embedded server: made once, started when needed, stopped by its last user."""

import atexit
import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from wifiapp.embedded import processes
from wifiapp.embedded.cluster import Cluster
from wifiapp.embedded.errors import EmbeddedError, cause
from wifiapp.embedded.place import Place

RELOCATE_BASE = Path("/var/lib/wifiapp")

_held: dict[Path, tuple[int, int]] = {}  # root: the pid that holds, the descriptor of its lock
_complete: set[Path] = set()  # the roots whose database this process has seen
_held_guard = threading.RLock()


class Embedded:
    """A PostgreSQL server of our own, reached through a Unix socket only.

    `root` is the folder that a person finds (`instance/postgres`). When this process is root and
    the server's account cannot enter it, the data lives under `relocate_base` and `root` is a
    link to it. All methods may be called by several processes and threads at once; they raise
    `EmbeddedError`.
    """

    def __init__(self, root: Path, relocate_base: Path = RELOCATE_BASE) -> None:
        self.place = Place(root, relocate_base)
        self._cluster = Cluster(self.place)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL; contains the password."""
        sockets = self.place.sockets
        return f"postgresql+psycopg://wifiapp:{self._cluster.password}@/wifiapp?host={sockets}"

    def ensure(self) -> str:
        """Return the URL of a server that accepts connections.

        Makes the cluster and the database `wifiapp` the first time, starts the server when it
        does not run, and waits while it recovers.
        """
        if self.place.root in _complete and processes.ready(self.place.data, self.place.sockets):
            return self.url
        with self._changing():
            self.place.settle()
            if not (self.place.data / "PG_VERSION").exists():
                self._cluster.create()
            self._cluster.check_version()
            self._cluster.bring_up()
            self._cluster.create_database()
            _complete.add(self.place.root)
            return self.url

    def hold(self) -> str:
        """Keep the server running for the life of this process, and return its URL.

        At exit the last process that holds it stops it. A fork does not hold what its parent
        held, and stops nothing.
        """
        with _held_guard:
            if not self._is_held():
                with self._changing():
                    self.place.settle()
                    flags = os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC
                    lock = os.open(self.place.path / "in-use.lock", flags, 0o644)
                    fcntl.flock(lock, fcntl.LOCK_SH)
                _held[self.place.root] = os.getpid(), lock
                atexit.register(self.release)
        return self.ensure()

    def release(self) -> None:
        """Give up the hold of this process; the last one to do so stops the server."""
        with _held_guard:
            if not self._is_held():
                return
            _, lock = _held.pop(self.place.root)
        try:
            # Under the lock, so that nobody begins to hold between the question and the stop.
            with contextlib.suppress(OSError, EmbeddedError), self.place.locked():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._cluster.stop()
        finally:
            os.close(lock)

    def running(self) -> bool:
        """Ask whether there is a live server, be it still recovering."""
        return self._cluster.answer() != "silent"

    def stop(self) -> None:
        """Stop the server whoever uses it; `ensure` starts it again."""
        with self._changing():
            self._cluster.stop()

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Hold the lock, and turn what the operating system refuses into one clear line."""
        try:
            with self.place.locked():
                yield
        except OSError as error:
            raise EmbeddedError(
                f"The database in {self.place.root} cannot be used: {cause(str(error))}. "
                "Your data was not changed; mend the cause and start again."
            ) from error

    def _is_held(self) -> bool:
        return _held.get(self.place.root, (0, 0))[0] == os.getpid()
