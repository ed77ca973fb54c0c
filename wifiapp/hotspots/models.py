"""The access points and the businesses they serve."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import SYSTEMS, Count, CreatedAt, Id, Moment, System, UpdatedAt, one_of
from wifiapp.db import FOR_GOOD, Model, archived

STATUSES = ("NEW", "OK", "SILENT", "REFUSED")


class Hotspot(Model):
    """One ESP32 or one R710.

    `serial` is what the box says it is, and `fingerprint` its certificate's SHA-256, so that
    another box at the same address is noticed; the secret is kept encrypted. `poll_interval` and
    `clock_offset` are seconds; `max_tokens` is what the box has room for, None when unlimited.
    `last_contact_at` is the last good look at it, `polled_at` the last attempt; `failures` of them
    came to nothing since. `foreign_tokens` on it are not ours, `strangers` are on it without a
    token.
    A manual one is never called: its codes are ours and loaded by hand; its address is empty. Where
    its portal has a `PresenceKey`, it tells by itself who is online, every `poll_interval`.
    """

    __tablename__ = "hotspots"
    __table_args__ = (
        one_of("system", SYSTEMS),
        one_of("status", STATUSES),
        archived("business"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    system: Mapped[System]
    address: Mapped[str]
    username: Mapped[str | None]
    secret_encrypted: Mapped[str | None]
    serial: Mapped[str | None]
    fingerprint: Mapped[str | None]
    model: Mapped[str | None]
    firmware: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(10), default="NEW", server_default="NEW")
    last_contact_at: Mapped[Moment | None]
    last_error: Mapped[str | None]
    clock_offset: Mapped[int | None]
    free_slots: Mapped[int | None]
    max_tokens: Mapped[int | None]
    booted_at: Mapped[Moment | None]
    foreign_tokens: Mapped[Count]
    strangers: Mapped[Count]
    polled_at: Mapped[Moment | None]
    next_poll_at: Mapped[Moment | None]
    failures: Mapped[Count]
    poll_interval: Mapped[int] = mapped_column(default=30, server_default=text("30"))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_manual: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class HotspotBusiness(Model):
    """A business served by a hotspot, on an SSID of its own where there are several."""

    __tablename__ = "hotspot_businesses"
    __table_args__ = (UniqueConstraint("hotspot_id", "business_id"), archived("business"))

    id: Mapped[Id]
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"))
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="RESTRICT"), index=True
    )
    ssid: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[CreatedAt]


class HotspotOutage(Model):
    """A time in which a hotspot was not heard of, open while it lasts; `reason` is the last error.

    It begins with the last good look before it, or with the first attempt when there was none.
    """

    __tablename__ = "hotspot_outages"
    __table_args__ = (
        CheckConstraint('"endedAt" >= "startedAt"', name="endedAt"),
        Index("hotspot_outages_hotspotId_startedAt_idx", "hotspot_id", "started_at", "id"),
        Index(
            "hotspot_outages_hotspotId_open_key",
            "hotspot_id",
            unique=True,
            postgresql_where=text('"endedAt" IS NULL'),
        ),
        archived("business"),
    )

    id: Mapped[Id]
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="CASCADE"))
    started_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    reason: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class PresenceKey(Model):
    """What lets the portal of a hotspot tell who is online there; one is in force at a time.

    Only a digest of the key is kept; `prefix` is the part of it that people may see. `created_by`
    is an email.
    """

    __tablename__ = "presence_keys"
    __table_args__ = (
        UniqueConstraint("digest"),
        Index(
            "presence_keys_hotspotId_live_key",
            "hotspot_id",
            unique=True,
            postgresql_where=text('"revokedAt" IS NULL'),
        ),
        archived("business"),
    )

    id: Mapped[Id]
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="CASCADE"))
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str]
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None] = mapped_column(info=FOR_GOOD)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
