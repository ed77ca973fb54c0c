"""Running the off-site command: a program of the owner's, with a time limit and a short memory."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event

LINES = 20  # of its output are kept
BYTES = 4000  # and no more than so many
INTERVAL = 0.1  # seconds between two looks at what else may have happened
GRACE = 5.0  # seconds from SIGTERM to SIGKILL
# What a worker has blocked or set for itself must not be passed on to a program of others.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE)


@dataclass(frozen=True)
class Ran:
    """How a command ended: `exit_code` is negative for a signal, None when it never ran.

    `error` is a sentence where it did not end by itself; `output` the end of what it printed.
    """

    exit_code: int | None
    output: str
    error: str | None = None

    @property
    def is_good(self) -> bool:
        return self.exit_code == 0 and self.error is None


class Stopped(Exception):
    """Whoever ran the command was told to end, and ended it."""


def run(words: Sequence[str], environment: Mapping[str, str], seconds: float, stop: Event) -> Ran:
    """Run the command, no shell, in a session of its own, and wait for its end.

    After `seconds` it is ended with all that it started. Raises `Stopped` once `stop` is set.
    """
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor has no path
        try:
            pid = _start(words, environment, writer)
        except OSError as error:
            return Ran(None, "", f"{words[0]} could not be started: {error.strerror}.")
        finally:
            os.close(writer)
        return _Running(pid, pipe.fileno()).wait(seconds, stop)


def _start(words: Sequence[str], environment: Mapping[str, str], writer: int) -> int:
    return os.posix_spawnp(
        words[0],
        list(words),
        dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_DUP2, writer, 2),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=SIGNALS,
    )


class _Running:
    """The command at work, and the end of what it has printed so far."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self.pipe = pipe
        self.is_open = True
        self.tail = b""
        self.exit_code: int | None = None

    def wait(self, seconds: float, stop: Event) -> Ran:
        deadline = time.monotonic() + seconds
        while not self._has_ended():
            if stop.is_set():
                self._end()
                raise Stopped
            if time.monotonic() > deadline:
                self._end()
                said = f"It was not done after {seconds:g} seconds, and was ended."
                return Ran(self.exit_code, self._output(), said)
        return Ran(self.exit_code, self._output())

    def _has_ended(self) -> bool:
        """Take in what it prints for a moment, and look whether it has ended."""
        if self.is_open:
            self._read(INTERVAL)
        else:
            time.sleep(INTERVAL)  # it closed its output, and goes on
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.exit_code = os.waitstatus_to_exitcode(status) if pid else None
        return self.exit_code is not None

    def _read(self, seconds: float) -> bool:
        """Read what comes within so many seconds, forget all but the end; tell whether any came."""
        if not select.select([self.pipe], [], [], seconds)[0]:
            return False
        chunk = os.read(self.pipe, 1 << 16)
        self.tail = (self.tail + chunk)[-BYTES:]
        self.is_open = bool(chunk)
        return self.is_open

    def _end(self) -> None:
        """End the command and whatever it has started: at first kindly."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while not self._has_ended() and time.monotonic() < deadline:
            pass
        self._signal(signal.SIGKILL)
        while not self._has_ended():
            pass

    def _signal(self, which: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, which)

    def _output(self) -> str:
        while self.is_open and self._read(0):
            pass
        text = self.tail.decode(errors="replace").replace("\0", "")
        return "\n".join(text.splitlines()[-LINES:])
