"""The worker: one thread a task, signs of life beside them, and a quiet end.

What is to be done stands in rows of the features that want it done (a QUEUED backup), and who
does it holds a lock that PostgreSQL drops when its connection ends. So there is no second queue
to keep in step, several workers may run side by side, and work of a killed one is found at once.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import structlog
from flask import Flask

from wifiapp import clock
from wifiapp.cli import explained
from wifiapp.columns import new_id
from wifiapp.jobs import operations

SIGNALS = {signal.SIGTERM, signal.SIGINT}
SIGN_OF_LIFE = 10.0  # seconds
PATIENCE = 20.0  # seconds that running tasks have to come to an end
LONGEST_PAUSE = 30.0  # seconds between attempts while something is broken
LONGEST_REST = 600.0  # seconds that a task waits after a run that took long

log = structlog.get_logger("wifiapp.worker")


@dataclass(frozen=True)
class Task:
    """Something done again and again, `every` so many seconds.

    `run` is given an event that asks it to end early; it returns what is worth a line in the
    log, None when there was nothing to do. It must bear being run by two workers at once. What
    grows with the data takes at most a `share` of the time, and waits longer instead.
    """

    name: str
    every: float
    run: Callable[[Event], Mapping[str, Any] | None]
    share: float = 1.0

    def pause(self, taken: float) -> float:
        """Return the seconds until the next run, after one that took so many."""
        return max(self.every, min(taken / self.share - taken, LONGEST_REST))


class Worker:
    """Runs the tasks until SIGTERM or SIGINT."""

    def __init__(self, app: Flask, tasks: Sequence[Task]) -> None:
        self.app = app
        self.id = new_id()
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.started_at = clock.now()
        self.stop = Event()
        self.lanes = [
            Thread(target=self._repeat, args=(task,), name=task.name, daemon=True) for task in tasks
        ]

    def run(self) -> bool:
        """Work until a signal asks for an end; tell whether all tasks ended in time."""
        # Signals are waited for, not handled: blocked here, before the threads inherit it.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for lane in self.lanes:
            lane.start()
        log.info("worker.started", worker=self.name)
        while True:
            self._try(self._sign, "worker.sign_of_life")
            if signal.sigtimedwait(SIGNALS, SIGN_OF_LIFE):
                break
        self.stop.set()
        log.info("worker.stopping", worker=self.name)
        done = self._wait_for_lanes()
        self._try(lambda: operations.say_goodbye(self.id), "worker.goodbye")
        log.info("worker.stopped", worker=self.name, tasks_ended=done)
        return done

    def _sign(self) -> None:
        operations.give_sign_of_life(self.id, self.name, self.started_at, clock.now())

    def _wait_for_lanes(self) -> bool:
        """Wait until all tasks have ended; a second signal or the end of patience stops that."""
        deadline = time.monotonic() + PATIENCE
        while any(lane.is_alive() for lane in self.lanes):
            if time.monotonic() > deadline or signal.sigtimedwait(SIGNALS, 0.1):
                return False
        return True

    def _repeat(self, task: Task) -> None:
        pause = task.every
        while True:
            begin = time.monotonic()
            if self._try(lambda: self._run(task), f"task.{task.name}"):
                pause = task.pause(time.monotonic() - begin)
            else:
                pause = min(max(2 * pause, 1.0), LONGEST_PAUSE)
            if self.stop.wait(pause):
                return

    def _run(self, task: Task) -> None:
        begin = time.monotonic()
        facts = task.run(self.stop)
        if facts is not None:
            seconds = round(time.monotonic() - begin, 3)
            log.info("task.done", task=task.name, seconds=seconds, **facts)

    def _try(self, step: Callable[[], None], what: str) -> bool:
        """Do the step; a failure is logged and must end neither thread nor worker."""
        try:
            with self.app.app_context():
                step()
        except Exception as error:
            line = explained(error)
            if line is None:
                log.exception("step.failed", step=what)
            else:
                log.warning("step.failed", step=what, error=line)
            return False
        return True
