"""Who made a device, by the beginning of its MAC address; the list comes with a package."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import lru_cache
from threading import Lock

import aiooui

from wifiapp.devices.mac import is_private, made_up_from

# The package names no date for its list; this is the day on which its version came out.
VERSION, LIST_OF = "0.1.11", date(2026, 9, 25)

_loading = Lock()
# What registers add to a name: "SAMSUNG ELECTRONICS CO.,LTD", "Apple, Inc."
_LEGAL = re.compile(
    r"[\s,.]+(?:co|company|corp|corporation|corporate|inc|llc|ltd|limited|gmbh|ag|sa|s\.a|pte|pty"
    r"|technolog(?:y|ies)|communications|telecommunications|international)[\s,.]*$",
    re.IGNORECASE,
)
_SHOUTED = re.compile(r"\b[A-Z]{5,}\b")


@lru_cache(maxsize=4096)
def vendor_of(mac: str) -> str | None:
    """Return the maker's name; None for private and made-up addresses and for makers not known."""
    if is_private(mac) or made_up_from(mac):
        return None
    with _loading:
        if not aiooui.is_loaded():
            # In a thread of its own: the caller's may already run an event loop.
            with ThreadPoolExecutor(1) as aside:
                aside.submit(lambda: asyncio.run(aiooui.async_load())).result()
    registered = aiooui.get_vendor(mac)
    if registered is None or registered == "Private":  # bought without a name
        return None
    return short(registered)


def short(registered: str) -> str:
    """Write a registered name as people say it: "Samsung Electronics", "Apple"."""
    name = registered
    while (shorter := _LEGAL.sub("", name)) and shorter != name:
        name = shorter
    return _SHOUTED.sub(lambda word: word[0].capitalize(), name)
