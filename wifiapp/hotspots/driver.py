"""What a hotspot can be asked, whatever its make: one Protocol, and a driver for each system.

A driver speaks with one box for one conversation and knows neither tables nor Flask:

    async with drivers.connect(access) as box:
        identity = await box.identify()
        sighting = await box.look(watched)

Entering a conversation proves the box first, so it raises `WrongBox` and the other errors, too.
Moments that it returns are aware UTC by *our* clock (the box's own, corrected), and never in the
future where they tell what was. Volumes are bytes. Whatever is not said by the box is None: an
answer that is half, late or strange is a `HotspotError`, and tells nothing about any token.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from wifiapp.errors import WifiError


class HotspotError(WifiError):
    """A hotspot did not do what it was asked; the message says why, without any secret."""


class Unreachable(HotspotError):
    """Silence, half an answer, or an answer that is not this kind of device's."""


class Unsure(Unreachable):
    """The answer to a change was lost: it may have been done or not."""


class Busy(HotspotError):
    """It asks to be left alone for `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Denied(HotspotError):
    """It does not accept our secret, or calls from this network."""


class WrongBox(HotspotError):
    """Another box than the registered one answers at this address; it was asked nothing more."""

    def __init__(self, message: str, found: str) -> None:
        super().__init__(message)
        self.found = found


class Full(HotspotError):
    """It has no room for more tokens."""

    def __init__(self, message: str, free_slots: int = 0) -> None:
        super().__init__(message)
        self.free_slots = free_slots


class Rejected(HotspotError):
    """It understood and refused for good: a bad parameter, an unknown token."""


class Incapable(HotspotError):
    """A device of its kind cannot do that."""


@dataclass(frozen=True)
class Access:
    """How a box is reached, and which one it has to be.

    `address` is `host[:port]`; `serial` and `fingerprint` (SHA-256 of the certificate, hexadecimal)
    are None before they were seen for the first time.
    """

    system: str
    address: str
    secret: str = field(repr=False)
    username: str | None = None
    serial: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Capabilities:
    """What a kind of device can do; pages and operations ask here and never for the make.

    `max_batch` tokens are made in one call; `chooses_codes` tells that codes are the device's
    own, else they are ours. `block_by_token` tells that a device is blocked by its token.
    `needs_username` and `needs_ssid` tell what a person names beside address and secret: the
    SSID is that of each business.
    """

    max_batch: int
    chooses_codes: bool
    can_revoke: bool = True
    can_extend: bool = False
    can_block: bool = True
    block_by_token: bool = False
    counts_volume: bool = True
    ends_running_sessions: bool = False
    needs_username: bool = False
    needs_ssid: bool = False


@dataclass(frozen=True)
class Network:
    """A network on the air; the id outlives a change of the SSID where the device has ids."""

    ssid: str
    id: str | None = None
    is_guest: bool = True


@dataclass(frozen=True)
class Identity:
    """Who answers: `serial` identifies the box; `clock_offset` is its clock minus ours, seconds."""

    serial: str
    model: str | None = None
    firmware: str | None = None
    networks: tuple[Network, ...] = ()
    clock_offset: int | None = None
    booted_at: datetime | None = None
    free_slots: int | None = None
    max_tokens: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Order:
    """Tokens to be made: all alike, `count` of them.

    `codes` are the ones to take where codes are ours. `known` are the codes of the business that
    we have already, to tell what a lost answer had made.
    """

    business_id: str
    count: int
    minutes: int
    ssid: str | None = None
    download_mb: int | None = None
    upload_mb: int | None = None
    devices: int = 1
    codes: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MadeToken:
    """A token that now is on the device; `name` is the device's own for it."""

    code: str
    name: str | None = None
    redeem_by: datetime | None = None


@dataclass(frozen=True)
class Made:
    """What came of an order: exactly these tokens, and why they are fewer when they are."""

    tokens: tuple[MadeToken, ...]
    error: HotspotError | None = None
    free_slots: int | None = None


@dataclass(frozen=True)
class SeenDevice:
    """A customer's device with a token; `mac` is written AA:BB:CC:DD:EE:FF.

    `is_mac_made_up` tells that the portal made the MAC out of the IP. `bytes_down` and `bytes_up`
    are counters of the connection that began at `connected_at`. `signal` is dBm.
    """

    mac: str
    is_online: bool
    is_mac_made_up: bool = False
    ip: str | None = None
    ipv6: str | None = None
    hostname: str | None = None
    device_type: str | None = None
    connected_at: datetime | None = None
    last_seen: datetime | None = None
    bytes_down: int | None = None
    bytes_up: int | None = None
    signal: int | None = None
    ssid: str | None = None
    access_point: str | None = None


@dataclass(frozen=True)
class SeenToken:
    """A token as the device knows it; `state` is UNUSED, ACTIVE or EXPIRED.

    `devices` is None when the device did not say which ones: then nothing is known of them.
    """

    code: str
    state: str
    name: str | None = None
    business_id: str | None = None
    ssid: str | None = None
    created_at: datetime | None = None
    first_used_at: datetime | None = None
    expires_at: datetime | None = None
    redeem_by: datetime | None = None
    minutes: int | None = None
    bytes_down: int | None = None
    bytes_up: int | None = None
    devices: tuple[SeenDevice, ...] | None = None


@dataclass(frozen=True)
class Sighting:
    """What a good look at a box showed, at `at` by our clock.

    Every token of the box is in `tokens` when `is_complete`: only then one that is missing tells
    anything. What a portal `pushed` tells only of the devices that it names, unless it `names_all`
    that are online. `strangers` are clients online without a token that we could name (staff,
    unknown).
    """

    at: datetime
    identity: Identity
    tokens: tuple[SeenToken, ...]
    is_complete: bool
    strangers: tuple[SeenDevice, ...] = ()
    blocked: frozenset[str] | None = None
    pushed: bool = False
    names_all: bool = False


class Driver(Protocol):
    """One conversation with one box; every method raises `HotspotError`."""

    capabilities: Capabilities

    async def identify(self) -> Identity:
        """Return who answers, with our secret proved; raise `WrongBox` for another box."""

    async def look(self, watched: Collection[str]) -> Sighting:
        """Return all tokens and who is online; `watched` are codes that we take for in use."""

    async def make(self, order: Order) -> Made:
        """Make the tokens; what is certain to exist is returned, whatever went wrong after it."""

    async def find(self, codes: Sequence[str]) -> dict[str, SeenToken]:
        """Return what the device knows of these tokens; the unknown ones are absent."""

    async def revoke(self, codes: Sequence[str]) -> frozenset[str]:
        """Remove tokens; return those of the codes that are certainly gone, however that came."""

    async def extend(self, code: str) -> SeenToken:
        """Begin a used token's time and volume anew, or raise `Incapable`."""

    async def block(self, mac: str, reason: str, token: str | None = None) -> None:
        """Keep a device out of the whole hotspot; `token` is one it uses."""

    async def unblock(self, mac: str) -> None:
        """Let a device in again."""

    async def blocked(self) -> frozenset[str]:
        """Return the MAC addresses that are kept out."""


class Connect(Protocol):
    """Opens a conversation: each driver's module has one."""

    def __call__(self, access: Access) -> AbstractAsyncContextManager[Driver]: ...
