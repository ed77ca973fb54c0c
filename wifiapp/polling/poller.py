"""Asking the hotspots: one event loop for all of them, a few threads for the tables.

A conversation may take long and costs next to nothing meanwhile, so a slow hotspot delays no
other. Whoever talks holds the hotspot's turn until what was seen stands in the tables: so nobody
makes or revokes tokens between a listing and what is concluded from it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any, TypeVar

import structlog
from flask import Flask, current_app

from wifiapp.cli import explained
from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Busy, Driver, HotspotError, Sighting, Unreachable
from wifiapp.hotspots.turns import turn
from wifiapp.polling import operations, queries
from wifiapp.polling.operations import Claim, Outcome

THREADS = 2  # that work on the tables
PATIENCE = 240.0  # seconds that a conversation may take; a full ESP32 lists 500 tokens in 20
AGAIN = 3.0  # seconds after which a hotspot that somebody else talks with is tried again
WAIT = 30.0  # seconds for which who asked for a poll lets others finish
CLAIM_EVERY = 0.5  # seconds
FAULT = "Something went wrong inside wifiapp; its log says what."
LOOK_UP = 0.2  # seconds between two looks whether to stop

Result = TypeVar("Result")
Connected = Callable[[Any], contextlib.AbstractAsyncContextManager[Driver]]

log = structlog.get_logger("wifiapp.polling")


def poll_due(stop: Event) -> None:
    """Poll each hotspot when its turn comes, until none is due or under way, or `stop` is set."""
    asyncio.run(_Poller(_app()).poll_due(stop))


def poll_each(hotspot_ids: Iterable[str]) -> list[Outcome]:
    """Poll these hotspots now, all at once, and return what came of it.

    One that nobody may call is left out; during a restore nothing is polled.
    """
    return asyncio.run(_Poller(_app()).poll_each(list(hotspot_ids)))


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way
    return app


class _Poller:
    def __init__(self, app: Flask) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="polling")

    async def poll_due(self, stop: Event) -> None:
        under_way: set[asyncio.Task[Outcome | None]] = set()
        next_claim = 0.0
        try:
            while not stop.is_set():
                if time.monotonic() >= next_claim:
                    claims = await self._in_thread(operations.claim_due)
                    under_way |= {asyncio.create_task(self._poll(each)) for each in claims}
                    next_claim = time.monotonic() + (0 if claims else CLAIM_EVERY)
                if not under_way:
                    return
                _, under_way = await asyncio.wait(under_way, timeout=LOOK_UP)
        finally:
            await self._end(under_way)

    async def poll_each(self, hotspot_ids: list[str]) -> list[Outcome]:
        tasks: set[asyncio.Task[Outcome | None]] = set()
        try:
            claims = [await self._in_thread(operations.claim, each) for each in hotspot_ids]
            ordered = [asyncio.create_task(self._poll(each, WAIT)) for each in claims if each]
            tasks = set(ordered)
            found = await asyncio.gather(*ordered)
        finally:
            await self._end(tasks)
        return [outcome for outcome in found if outcome]

    async def _end(self, tasks: set[asyncio.Task[Outcome | None]]) -> None:
        """Let nothing go on behind the back of whoever goes on."""
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._threads.shutdown()

    async def _poll(self, claim: Claim, wait: float = 0.0) -> Outcome | None:
        """Poll one hotspot; whatever happens to it happens to no other."""
        try:
            return await self._take(claim, wait)
        except Exception as error:
            line = explained(error)
            if line is None:
                log.exception("poll.failed", hotspot=claim.name)
            else:
                log.warning("poll.failed", hotspot=claim.name, error=line)
            if line is None:
                await self._keep(claim)
            return Outcome(claim.hotspot_id, claim.name, line or FAULT)

    async def _keep(self, claim: Claim) -> None:
        """Let a fault of ours be a failed look: nobody knows who was there meanwhile."""
        with contextlib.suppress(Exception):
            await self._in_thread(operations.take_failure, claim, Unreachable(FAULT))

    async def _take(self, claim: Claim, wait: float) -> Outcome | None:
        try:
            async with self._turn(claim.hotspot_id, wait):
                try:
                    sighting = await self._look(claim)
                except HotspotError as error:
                    log.info("poll.missed", hotspot=claim.name, error=str(error))
                    return await self._in_thread(operations.take_failure, claim, error)
                outcome = await self._in_thread(operations.take_sighting, claim, sighting)
                if outcome and outcome.unbelieved:
                    log.warning("poll.jumps", hotspot=claim.name, counters=outcome.unbelieved)
                return outcome
        except Busy as error:  # with somebody of ours
            await self._in_thread(operations.put_off, claim.hotspot_id, AGAIN)
            return Outcome(claim.hotspot_id, claim.name, str(error))

    async def _look(self, claim: Claim) -> Sighting:
        if isinstance(claim.access, HotspotError):
            raise claim.access
        known = await self._in_thread(queries.known_tokens, claim.hotspot_id)
        try:
            async with asyncio.timeout(PATIENCE), drivers.connect(claim.access) as box:
                return await look(box, known)
        except TimeoutError as error:
            raise Unreachable(f"It was not done telling within {PATIENCE:.0f} s.") from error

    @contextlib.asynccontextmanager
    async def _turn(self, hotspot_id: str, wait: float) -> AsyncIterator[None]:
        deadline = time.monotonic() + wait
        with contextlib.ExitStack() as held:
            while True:
                try:
                    await self._in_thread(lambda: held.enter_context(turn(hotspot_id)))
                    break
                except Busy:
                    if time.monotonic() >= deadline:
                        raise
                await asyncio.sleep(LOOK_UP)
            try:
                yield
            finally:
                await self._in_thread(held.close)

    async def _in_thread(self, step: Callable[..., Result], *given: Any) -> Result:
        """Work on the tables; once begun it comes to its end, also when the poll is given up."""

        def work() -> Result:
            with self._app.app_context():
                return step(*given)

        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


async def look(box: Driver, known: Mapping[str, str]) -> Sighting:
    """Look at a hotspot; a token that lacks in its listing is asked for once more by its code.

    `known` are the codes that it should have, with their statuses.
    """
    in_use = [code for code, status in known.items() if status not in {"UNUSED", "SOLD"}]
    sighting = await box.look(in_use)
    if not sighting.is_complete:
        return sighting
    shown = {token.code for token in sighting.tokens}
    missing = [code for code in known if code not in shown]
    found = await box.find(missing) if missing else {}
    return replace(sighting, tokens=(*sighting.tokens, *found.values())) if found else sighting
