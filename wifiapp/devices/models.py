"""The devices seen with a token, what is known of them, their sessions and volumes."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnClause,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import (
    ByteCount,
    CreatedAt,
    Id,
    Ip,
    Mac,
    Moment,
    UpdatedAt,
    at_least_zero,
    is_mac,
    one_of,
)
from wifiapp.db import Model, archived, filled
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens.models import WifiToken

# What `mac.pieces` makes of an address, as an expression that an index holds.
mac_pieces: ColumnClause[Sequence[str]] = literal_column(
    '(ARRAY[substr("macAddress", 1, 4), substr("macAddress", 4, 4), substr("macAddress", 7, 4), '
    'substr("macAddress", 10, 4), substr("macAddress", 13, 4)])',
    ARRAY(Text),
)

END_REASONS = ("LEFT", "TIMED_OUT", "HOTSPOT_RESTARTED", "EXPIRED", "BLOCKED")


class WifiTokenDevice(Model):
    """A device seen on the network with a token."""

    __tablename__ = "wifi_token_devices"
    __table_args__ = (
        UniqueConstraint("wifi_token_id", "mac_address"),
        is_mac("macAddress"),
        Index("wifi_token_devices_firstSeen_idx", "first_seen", "id"),
        Index(
            "wifi_token_devices_firstSeen_online_idx",
            "first_seen",
            "id",
            postgresql_where=text('"isOnline"'),
        ),
        Index("wifi_token_devices_macPieces_idx", mac_pieces, postgresql_using="gin"),
        Index(
            "wifi_token_devices_currentIp_idx",
            "current_ip",
            postgresql_ops={"current_ip": "text_pattern_ops"},
        ),  # a device that is online keeps its address: few updates change what is in it
        archived("business") | filled(80),
    )

    id: Mapped[Id]
    wifi_token_id: Mapped[str] = mapped_column(
        ForeignKey(WifiToken.id, ondelete="CASCADE"), index=True
    )
    mac_address: Mapped[Mac] = mapped_column(index=True)
    is_online: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    current_ip: Mapped[Ip | None]
    first_seen: Mapped[Moment]
    last_seen: Mapped[Moment]  # no index: it changes with every poll
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class DeviceProfile(Model):
    """What a business knows of a device, whichever tokens it came with.

    Each device that came has one; `created_at` is when the business first saw it.
    """

    __tablename__ = "device_profiles"
    __table_args__ = (
        UniqueConstraint("business_id", "mac_address"),
        Index("device_profiles_businessId_createdAt_idx", "business_id", "created_at"),
        is_mac("macAddress"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(ForeignKey(Business.id, ondelete="RESTRICT"))
    mac_address: Mapped[Mac]
    hostname: Mapped[str | None]
    device_type: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class DeviceSession(Model):
    """One connection of a device, open until it ends with a reason.

    `bytes_down` and `bytes_up` are what we saw it use; the counters are where the hotspot's own
    stood at the last look. `hotspot_id` is the one that was asked about it; `signal` is dBm.
    """

    __tablename__ = "device_sessions"
    __table_args__ = (
        one_of("endReason", END_REASONS),
        CheckConstraint('"endedAt" >= "startedAt"', name="endedAt"),
        CheckConstraint('("endedAt" IS NULL) = ("endReason" IS NULL)', name="ended"),
        Index(
            "device_sessions_wifiTokenDeviceId_open_key",
            "wifi_token_device_id",
            unique=True,
            postgresql_where=text('"endedAt" IS NULL'),
        ),
        Index(
            "device_sessions_hotspotId_open_idx",
            "hotspot_id",
            postgresql_where=text('"endedAt" IS NULL'),
        ),
        archived("business") | filled(80),
    )

    id: Mapped[Id]
    wifi_token_device_id: Mapped[str] = mapped_column(
        ForeignKey(WifiTokenDevice.id, ondelete="CASCADE"), index=True
    )
    hotspot_id: Mapped[str | None] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"))
    started_at: Mapped[Moment] = mapped_column(index=True)
    ended_at: Mapped[Moment | None] = mapped_column(index=True)
    end_reason: Mapped[str | None] = mapped_column(String(20))
    ip: Mapped[Ip | None]
    ipv6: Mapped[Ip | None]
    ssid: Mapped[str | None] = mapped_column(String(32))
    access_point: Mapped[str | None]
    signal: Mapped[int | None]
    bytes_down: Mapped[ByteCount]
    bytes_up: Mapped[ByteCount]
    counter_down: Mapped[int | None] = mapped_column(BigInteger)
    counter_up: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class TokenUsage(Model):
    """By how much a token's volumes grew in a quarter of an hour of UTC that begins at `starts_at`.

    Every zone's hours begin with such a quarter. A counter that was set back counts from zero.
    """

    __tablename__ = "token_usage"
    __table_args__ = (
        CheckConstraint(
            """date_bin('15 minutes', "startsAt", '2000-01-01') = "startsAt\"""", name="startsAt"
        ),
        at_least_zero("bytesDown"),
        at_least_zero("bytesUp"),
        archived("business") | filled(50),
    )

    wifi_token_id: Mapped[str] = mapped_column(
        ForeignKey(WifiToken.id, ondelete="CASCADE"), primary_key=True
    )
    starts_at: Mapped[Moment] = mapped_column(primary_key=True, index=True)
    bytes_down: Mapped[ByteCount]
    bytes_up: Mapped[ByteCount]
