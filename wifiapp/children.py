"""Child processes that do not outlive their parent, and come back when they die."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from wifiapp.config import ROOT

GRACE = 25.0  # seconds; more than gunicorn's graceful_timeout
LONGEST_PAUSE = 60.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """A Python program of ours, in a session of its own, so that Ctrl-C reaches only its parent."""

    def __init__(self, name: str, arguments: tuple[str, ...]) -> None:
        self.name = name
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due: float | None = None
        self._pause = 0.5

    def start(self) -> None:
        parent = os.getpid()
        self._due = None
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, *self._arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - the parent has one thread
        )

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it again when it died, after a pause that doubles while it keeps dying."""
        if self.alive():
            return
        now = time.monotonic()
        if self._due is None:
            lived = now - self._started
            self._pause = 0.5 if lived > LONGEST_PAUSE else self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._due = now + self._pause
            code = self._process.returncode if self._process else None
            say(f"{self.name} ended ({_ending(code)}); starting again in {self._pause:.0f} s.")
            self.kill()
        elif now >= self._due:
            self.start()
            say(f"{self.name} was started again.")

    def terminate(self) -> None:
        if self._process is not None and self.alive():
            self._process.terminate()

    def kill(self) -> None:
        """Kill what is left of it, its own children too."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def end(*children: Child) -> None:
    """Let all finish what they do, and kill what does not in time or after a second Ctrl-C."""
    deadline = time.monotonic() + GRACE
    with contextlib.suppress(KeyboardInterrupt):
        for child in children:
            child.terminate()
        while any(child.alive() for child in children) and time.monotonic() < deadline:
            time.sleep(0.05)
    for child in children:
        child.kill()


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent dies, be it by kill -9."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
