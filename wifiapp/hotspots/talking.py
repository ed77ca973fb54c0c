"""Conversations with hotspots for code that is not asynchronous, one by one or side by side.

Whoever talks holds the hotspot's turn, and no lock on any row: an answer may take long. What is
done with a hotspot is a step, which writes down what it is going to ask, yields that, and writes
down what came of it.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from math import inf
from threading import Event
from typing import Any, TypeVar

from wifiapp.db import db
from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Access, Busy, Driver, HotspotError, Unsure
from wifiapp.hotspots.turns import turn

Answer = TypeVar("Answer")
Asked = tuple[Access, Callable[[Driver], Awaitable[Any]]]
# Yields what is to be asked, with nothing open in the database; is sent the answer, or thrown the
# `HotspotError`; returns how much was done.
Step = Generator[Asked, Any, int]

PATIENCE = 240.0  # seconds of a whole conversation; a full ESP32 lists 500 tokens in 20
AT_ONCE = 8  # hotspots that are talked with side by side
REST = 1.0  # seconds that a hotspot has between two steps
LOOK_UP = 0.2  # seconds after which it is seen who else is due


def talk(
    access: Access,
    question: Callable[[Driver], Awaitable[Answer]],
    patience: float | None = None,
) -> Answer:
    """Open a conversation and return what the question gives; raises `HotspotError`.

    One that lasts longer than `patience` is broken off: a box that tells and tells would hold its
    turn, and whoever talks with it, for good.
    """
    seconds = patience or PATIENCE

    async def conversation() -> Answer:
        try:
            async with asyncio.timeout(seconds), drivers.connect(access) as box:
                return await question(box)
        except TimeoutError:
            raise Unsure(f"It was not done within {seconds:g} s, so it was broken off.") from None

    return asyncio.run(conversation())


def take(step: Step) -> int:
    """Take a step in a hotspot's turn, its conversation included; return how much was done."""
    try:
        asked = next(step)
        while True:
            try:
                answer = talk(*asked)
            except HotspotError as error:
                asked = step.throw(error)
            else:
                asked = step.send(answer)
    except StopIteration as end:
        return int(end.value)


def take_each(
    list_due: Callable[[], Iterable[tuple[str, Callable[[], Step]]]], stop: Event
) -> int | None:
    """Take the steps that are due, side by side; return how much was done, None for nothing.

    `list_due` tells the hotspots with their steps. While some are slow the others go on, and who
    becomes due meanwhile begins; it ends when nobody is talked with any more. The tables are
    worked on in this thread alone. A hotspot that others talk with is left out, and a fault with
    one of them is raised when all have ended.
    """
    with contextlib.ExitStack() as turns, ThreadPoolExecutor(AT_ONCE) as threads:
        talks = _Talks(turns, threads)
        while True:
            if not stop.is_set():
                for hotspot_id, begin in list_due():
                    talks.begin(hotspot_id, begin)
            if not talks.under_way:
                break
            talks.go_on()
    if talks.fault:
        raise talks.fault
    return talks.done


def _talk(asked: Asked) -> Any:
    return talk(*asked)


@dataclass(frozen=True)
class _Talk:
    hotspot_id: str
    step: Step
    turn: contextlib.ExitStack


class _Talks:
    """The conversations under way, each in a thread; `done` is how much has come of them."""

    def __init__(self, turns: contextlib.ExitStack, threads: ThreadPoolExecutor) -> None:
        self._turns, self._threads = turns, threads
        self._rests: dict[str, float] = {}
        self.under_way: dict[Future[Any], _Talk] = {}
        self.done: int | None = None
        self.fault: Exception | None = None

    def begin(self, hotspot_id: str, begin: Callable[[], Step]) -> None:
        """Begin a step unless the hotspot is at one, or rests, or too many are talked with."""
        is_talking = any(each.hotspot_id == hotspot_id for each in self.under_way.values())
        rests = self._rests.get(hotspot_id, 0.0) > time.monotonic()
        if is_talking or rests or len(self.under_way) == AT_ONCE:
            return
        held = self._turns.enter_context(contextlib.ExitStack())
        try:
            held.enter_context(turn(hotspot_id))
        except Busy:
            return
        self._advance(_Talk(hotspot_id, begin(), held))

    def go_on(self) -> None:
        """Wait a moment, and go on with the steps whose conversations have ended."""
        ended, _others = wait(self.under_way, LOOK_UP, FIRST_COMPLETED)
        for future in ended:
            it, error = self.under_way.pop(future), future.exception()
            self._advance(it, None if error else future.result(), error)

    def _advance(self, it: _Talk, answer: Any = None, error: BaseException | None = None) -> None:
        """Let a step run up to its conversation, which begins, or to its end."""
        try:
            asked = it.step.throw(error) if error else it.step.send(answer)
            self.under_way[self._threads.submit(_talk, asked)] = it
        except StopIteration as end:
            self.done = (self.done or 0) + int(end.value)
            self._end(it, REST)
        except Exception as fault:  # noqa: BLE001 - raised in the end; others go on meanwhile
            db.session.rollback()
            self.fault = self.fault or fault
            self._end(it, inf)

    def _end(self, it: _Talk, rest: float) -> None:
        self._rests[it.hotspot_id] = time.monotonic() + rest
        it.turn.close()
