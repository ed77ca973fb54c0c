"""A conversation with a hotspot for code that is not asynchronous.

Whoever talks holds the hotspot's turn, and no lock on any row: an answer may take long.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from wifiapp.hotspots import drivers
from wifiapp.hotspots.driver import Access, Driver

Answer = TypeVar("Answer")


def talk(access: Access, question: Callable[[Driver], Awaitable[Answer]]) -> Answer:
    """Open a conversation and return what the question gives; raises `HotspotError`."""

    async def conversation() -> Answer:
        async with drivers.connect(access) as box:
            return await question(box)

    return asyncio.run(conversation())
