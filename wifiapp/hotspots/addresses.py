"""Where a hotspot is reached: `host` or `host:port` as people type it.

Any machine of the local network may be named, since that is where hotspots are; what cannot be a
hotspot's is refused. Nothing of an answer is shown as it came, and redirects are not followed, so
naming another machine tells no more than that it is no hotspot.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from flask_babel import gettext as _

from wifiapp.errors import WifiError

LONGEST = 253  # characters of a name in the DNS
LARGEST_PORT = 65535
Address = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an address of IPv4
BROADCAST = IPv4Address("255.255.255.255")
# Where clouds tell their machines' secrets, as far as that is not link-local.
METADATA = frozenset(
    map(ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([0-9a-f:.]+)\](?::(.*))?", re.IGNORECASE)


class BadAddress(WifiError):
    """The text is no address of a hotspot; the message says why."""


def parse(text: str) -> str:
    """Return the address as it is kept (`192.168.1.5`, `portal.lan:8080`), or raise `BadAddress`.

    A name is in lower case, an IPv6 address in brackets.
    """
    host, port = _parts(text.strip())
    if port is None:
        return host
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= LARGEST_PORT:
        raise BadAddress(_("The port after the colon is a number from 1 to 65535."))
    return f"{host}:{int(port)}"


def _parts(text: str) -> tuple[str, str | None]:
    if "://" in text or set("/?#@\\ ") & set(text):
        raise BadAddress(_("Only the address, such as 192.168.1.5 or 192.168.1.5:8080."))
    if bracketed := _BRACKETED.fullmatch(text):
        return _host(bracketed[1]), bracketed[2]
    if text.count(":") > 1:
        return _host(text), None
    host, colon, port = text.partition(":")
    return _host(host), port if colon else None


def _host(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return _name(text)
    if address.version == 6:  # noqa: PLR2004 - IPv6
        if address.scope_id is not None:
            raise BadAddress(_("Leave out what stands behind the % of the address."))
        address = unmapped(address)
    _refuse_what_is_no_hotspot(address)
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6


def _name(text: str) -> str:
    # 192.168.1, 300.1.1.1 and 0x7f.1 are no names, although some resolvers read an address there.
    numeric = re.search(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$", text, re.IGNORECASE)
    if numeric or len(text) > LONGEST or not _NAME.fullmatch(text):
        raise BadAddress(
            _("Enter an IP address such as 192.168.1.5, or a name such as portal.lan.")
        )
    return text.lower()


def _refuse_what_is_no_hotspot(address: Address) -> None:
    if address == BROADCAST:
        raise BadAddress(_("This is the address of everybody in a network, not of one hotspot."))
    if is_no_hotspots(address):
        raise BadAddress(
            _("No hotspot has this address. Look it up on the device or in the router.")
        )


def is_no_hotspots(address: Address) -> bool:
    """Tell whether no hotspot can have the address, nor the one that it is translated to."""
    address = unmapped(address)
    if address in NAT64:
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    return (
        address.is_unspecified
        or address.is_multicast
        or address.is_link_local
        or address in METADATA
        or address == BROADCAST
    )


def is_this_machine(address: Address) -> bool:
    """Tell whether it is the machine's own address, which only a person can mean."""
    return unmapped(address).is_loopback


def unmapped(address: Address) -> Address:
    """Return what an address says: ::ffff:169.254.169.254 is 169.254.169.254."""
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
