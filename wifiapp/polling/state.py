"""What the tables say of a hotspot before a look, and what the look changes; plain values."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

NEAR = timedelta(seconds=60)  # two readings of the same moment on a hotspot's clock differ by less
MOST_A_SECOND = 250_000_000  # bytes, each way: two lines of a gigabit are what a hotspot has


@dataclass(frozen=True)
class Token:
    """A token's row as far as a look may change it."""

    id: str
    code: str
    business_id: str
    status: str
    created_at: datetime
    name: str | None = None
    redeem_by: datetime | None = None
    first_used_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    used_down_mb: Decimal = Decimal(0)
    used_up_mb: Decimal = Decimal(0)
    last_sync_at: datetime | None = None


@dataclass(frozen=True)
class Session:
    """A connection of a device; open when it has no `ended_at`. Volumes are bytes."""

    id: str
    device_id: str
    started_at: datetime
    ended_at: datetime | None = None
    end_reason: str | None = None
    ip: str | None = None
    ipv6: str | None = None
    ssid: str | None = None
    access_point: str | None = None
    signal: int | None = None
    bytes_down: int = 0
    bytes_up: int = 0
    counter_down: int | None = None
    counter_up: int | None = None


@dataclass(frozen=True)
class Device:
    """A device on a token, with its latest session."""

    id: str
    token_id: str
    mac: str
    is_online: bool
    ip: str | None
    first_seen: datetime
    last_seen: datetime
    session: Session | None = None

    @property
    def open_session(self) -> Session | None:
        return self.session if self.session and self.session.ended_at is None else None


@dataclass(frozen=True)
class Profile:
    """What a business knows of a device; each one that came has one, since it first came."""

    business_id: str
    mac: str
    hostname: str | None
    device_type: str | None
    since: datetime


@dataclass(frozen=True)
class Before:
    """The rows that a look may change, as they were.

    `looked_at` is the last good look before this one; a device that is not seen counts as gone
    once it was not seen for `patience`. A connection's first counter counts if it began after
    `counts_from`. Tokens are by code, devices by token and MAC, profiles by
    business and MAC.
    """

    looked_at: datetime | None
    counts_from: datetime | None
    patience: timedelta
    tokens: Mapping[str, Token]
    devices: Mapping[str, Mapping[str, Device]]
    profiles: Mapping[tuple[str, str], Profile]


@dataclass
class Growth:
    """By how many bytes something grew."""

    down: int = 0
    up: int = 0

    def add(self, other: "Growth") -> None:
        self.down += other.down
        self.up += other.up

    def take(self, other: "Growth") -> bool:
        """Take off the other, unless that is more."""
        fits = other.down <= self.down and other.up <= self.up
        if fits:
            self.down -= other.down
            self.up -= other.up
        return fits


@dataclass
class Changes:
    """What a look changes: rows as they are to be.

    A token comes with the status that it must still have. `lost` are those that their hotspot does
    not know any more; those in `counted` get their volume from their sessions. `unbelieved`
    counters grew by more than any line carries, which counts as nothing.
    """

    tokens: list[tuple[Token, str]] = field(default_factory=list)
    lost: list[Token] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    ended: list[Session] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    profiles: dict[tuple[str, str], Profile] = field(default_factory=dict)
    usage: defaultdict[str, Growth] = field(default_factory=lambda: defaultdict(Growth))
    counted: set[str] = field(default_factory=set)
    foreign: int = 0
    unbelieved: int = 0
