"""The way to a hotspot: the very address that is connected to is looked at.

A name means what its DNS says at that moment, so what is refused when it is typed is refused
again here, where nothing can change any more.
"""

import re
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from wifiapp.hotspots.addresses import is_no_hotspots, is_this_machine, unmapped
from wifiapp.hotspots.driver import Unreachable

HOST = re.compile(r"\[([^]]*)\](?::\d+)?|([^:]*)(?::\d+)?")
OWN_NAME = "localhost"


class Misled(OSError):
    """A name leads to where no hotspot is; nothing was sent there."""


def sockets_for(address: str) -> Callable[[tuple[Any, ...]], socket.socket]:
    """Return what makes the sockets for a conversation with `host[:port]`.

    They raise `Misled` where no hotspot can be. This machine is only meant by who says so.
    """
    may_be_here = _names_this_machine(address)

    def make(where: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _name, target = where
        found = unmapped(ip_address(str(target[0]).partition("%")[0]))
        if is_no_hotspots(found) or (is_this_machine(found) and not may_be_here):
            raise Misled(f"It leads to {found}, which is no hotspot's address. Nothing was sent.")
        return socket.socket(family, kind, protocol)

    return make


def unreached(error: Exception) -> Unreachable:
    """Say in our words why there is no connection."""
    cause = getattr(error, "os_error", None)
    if isinstance(cause, Misled):
        return Unreachable(str(cause))
    return Unreachable("It cannot be reached: nothing accepts a connection there.")


def _names_this_machine(address: str) -> bool:
    parts = HOST.fullmatch(address)
    host = (parts[1] or parts[2] or "") if parts else ""
    try:
        return is_this_machine(ip_address(host))
    except ValueError:
        return host == OWN_NAME
