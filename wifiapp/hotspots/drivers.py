"""Every system that can be driven: a third one is a module of its own and a line here."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from wifiapp.hotspots import esp32, r710
from wifiapp.hotspots.driver import Access, Capabilities, Connect, Driver, Incapable

_CONNECT: Mapping[str, Connect] = {"ESP32": esp32.connect, "R710": r710.connect}

CAPABILITIES: Mapping[str, Capabilities] = {
    "ESP32": esp32.CAPABILITIES,
    "R710": r710.CAPABILITIES,
}


def connect(access: Access) -> AbstractAsyncContextManager[Driver]:
    """Open a conversation with the box; the right one is proved before anything is asked."""
    if access.system not in _CONNECT:
        raise Incapable(f"There is no driver for {access.system}.")
    return _CONNECT[access.system](access)
