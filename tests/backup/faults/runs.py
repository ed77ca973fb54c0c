"""Runs of the app in processes that a test may kill; see `runner`."""

import contextlib
import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time

from tests.processes import ROOT, environment

PATIENCE = 60  # seconds that anything may take


class Run:
    """A `flask …` command or a worker under way, and what was heard of it."""

    def __init__(self, warm, number):
        self.warm = warm
        self.number = number
        self.started = time.monotonic()
        self.heard = []  # (seconds since the start, facts)

    def find(self, what, value=None):
        """Return when it was heard and what it was, or None."""
        for at, facts in self.heard:
            if what in facts and value in (None, facts[what]):
                return at, facts[what]
        return None

    def until(self, what, value=None, seconds=PATIENCE):
        """Wait until this is heard, or the run has ended; return what was found."""
        end = time.monotonic() + seconds
        while not (found := self.find(what, value)) and not self.find("exit"):
            if not self.warm.listen(end):
                break
        return found

    def exit_code(self, seconds=PATIENCE):
        found = self.until("exit", seconds=seconds)
        assert found, f"still under way after {seconds} s: {self.heard}"
        return found[1]

    def kill(self, how=signal.SIGKILL):
        _, pid = self.until("pid")
        if not self.find("exit"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)

    def kill_after(self, seconds):
        """Kill it so many seconds from now, and tell whether that was before its end."""
        self.until("exit", seconds=seconds)
        self.kill()
        return self.exit_code() == -signal.SIGKILL


class Warm:
    """The process in whose forks all runs of a session happen; see `runner`."""

    def __init__(self, url, folder):
        self.runs = {}
        self._numbers = itertools.count(1)
        self._rest = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.backup.faults.runner"],
            cwd=ROOT,
            env=environment(url, folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.runs[0] = Run(self, 0)
        assert self.runs[0].until("ready")

    def start(self, **given):
        number = next(self._numbers)
        self.runs[number] = Run(self, number)
        self.process.stdin.write(json.dumps({"number": number, **given}).encode() + b"\n")
        self.process.stdin.flush()
        return self.runs[number]

    def listen(self, end):
        """Take in what comes next; False when nothing does before `end`, or ever."""
        ready = select.select([self.process.stdout], [], [], max(end - time.monotonic(), 0))[0]
        more = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
        *lines, self._rest = (self._rest + more).split(b"\n")
        for line in lines:
            if line.startswith(b'{"run"'):
                facts = json.loads(line)
                run = self.runs[facts["run"]]
                run.heard.append((time.monotonic() - run.started, facts))
        return bool(more)

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Runner:
    """Starts runs of the installation with this database and folder."""

    def __init__(self, warm, url, folder):
        self.warm = warm
        self.folder = folder
        self.runs = []
        self._environment = environment(url, folder)
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def log(self):
        return (self.folder / "runs.log").read_text()

    def start(self, *words, **changes):
        """Start a run; `changes` are values by where they stand in the program, `__` for a dot."""
        run = self.warm.start(
            words=list(map(str, words)),
            changes={where.replace("__", "."): value for where, value in changes.items()},
            environment=self._environment,
            log=str(self.folder / "runs.log"),
        )
        self.runs.append(run)
        return run

    def do(self, *words, **changes):
        """Do a run to its end and return it; it must succeed."""
        run = self.start(*words, **changes)
        assert run.exit_code() == 0, self.log
        return run

    def close(self):
        for run in self.runs:
            if not run.find("exit"):
                run.kill()
                run.exit_code()
