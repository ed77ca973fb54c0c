"""Devices that are kept out of a hotspot."""

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import CreatedAt, Id, Mac, Moment, UpdatedAt, is_mac
from wifiapp.db import Model, archived
from wifiapp.hotspots.models import Hotspot


class DeviceBlock(Model):
    """A device that its hotspot keeps out, whatever token it has, until `unblocked_at`.

    `business_id` is the business that asked for it; it holds for all that the hotspot serves.
    `blocked_by` and `unblocked_by` are emails.
    """

    __tablename__ = "device_blocks"
    __table_args__ = (
        is_mac("macAddress"),
        Index(
            "device_blocks_hotspotId_macAddress_live_key",
            "hotspot_id",
            "mac_address",
            unique=True,
            postgresql_where=text('"unblockedAt" IS NULL'),
        ),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="RESTRICT"), index=True
    )
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"))
    mac_address: Mapped[Mac] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(31))
    blocked_by: Mapped[str]
    blocked_at: Mapped[Moment]
    unblocked_by: Mapped[str | None]
    unblocked_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
