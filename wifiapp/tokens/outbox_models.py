"""What hotspots are still to be told, and what came of what they were told."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import CreatedAt, Id, Mac, Moment, UpdatedAt, at_least_zero, is_mac, one_of
from wifiapp.db import Model, archived
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens.models import WifiToken

KINDS = ("DISABLE", "EXPIRE", "EXTEND", "BLOCK", "UNBLOCK")
STATUSES = ("PENDING", "DONE", "FAILED", "CANCELLED")


class HotspotCommand(Model):
    """Something that a hotspot is to do to a token or a device before our row may say so.

    The row is the job. `called_at` is when it was first tried, `next_try_at` when it is tried
    again; `error` says why it has not been done. `created_by` is an email.
    """

    __tablename__ = "hotspot_commands"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        is_mac("macAddress"),
        at_least_zero("attempts"),
        CheckConstraint('num_nonnulls("wifiTokenId", "macAddress") = 1', name="target"),
        Index("hotspot_commands_createdAt_idx", "created_at", "id"),
        Index(
            "hotspot_commands_pending_idx",
            "hotspot_id",
            "created_at",
            "id",
            postgresql_where=text("status = 'PENDING'"),
        ),  # in the order in which they are done
        Index(
            "hotspot_commands_wifiTokenId_pending_key",
            "wifi_token_id",
            unique=True,
            postgresql_where=text("status = 'PENDING'"),
        ),
        Index(
            "hotspot_commands_macAddress_pending_key",
            "hotspot_id",
            "mac_address",
            unique=True,
            postgresql_where=text("status = 'PENDING'"),
        ),  # one thing at a time is wanted of a token or a device
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="RESTRICT"), index=True
    )
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"), index=True)
    wifi_token_id: Mapped[str | None] = mapped_column(
        ForeignKey(WifiToken.id, ondelete="RESTRICT"), index=True
    )
    mac_address: Mapped[Mac | None]
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(String(10), default="PENDING", server_default="PENDING")
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    called_at: Mapped[Moment | None]
    next_try_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
