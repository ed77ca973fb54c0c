"""The keys that tills carry."""

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import CreatedAt, Id, Moment, UpdatedAt
from wifiapp.db import FOR_GOOD, Model, archived


class ApiKey(Model):
    """What lets a program act for one business.

    Only a digest of the key is kept; `prefix` is the part of it that people may see. What is
    sold with it has its `channel`. `created_by` is an email.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint('"mayRead" OR "maySell" OR "mayVoid"', name="scopes"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="RESTRICT"), index=True
    )
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(default="POS", server_default="POS")
    may_read: Mapped[bool] = mapped_column(default=False, server_default=false())
    may_sell: Mapped[bool] = mapped_column(default=False, server_default=false())
    may_void: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_by: Mapped[str]
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None] = mapped_column(info=FOR_GOOD)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return what the key may do, of `keys.SCOPES`."""
        may = {"read": self.may_read, "sell": self.may_sell, "void": self.may_void}
        return tuple(scope for scope, allowed in may.items() if allowed)
