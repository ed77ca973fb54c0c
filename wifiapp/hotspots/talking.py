"""A conversation with a hotspot for code that is not asynchronous.

Whoever talks holds the hotspot's turn, and no lock on any row: an answer may take long.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Access, Driver, Unsure

Answer = TypeVar("Answer")

PATIENCE = 240.0  # seconds of a whole conversation; a full ESP32 lists 500 tokens in 20


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
