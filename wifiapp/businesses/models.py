"""The shops that sell tokens, and who belongs to them."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.auth.models import User
from wifiapp.columns import CreatedAt, Id, UpdatedAt
from wifiapp.db import Model, archived


class Business(Model):
    """A shop: its money is in one currency, its days begin in one time zone."""

    __tablename__ = "businesses"
    __table_args__ = (archived("business"),)

    id: Mapped[Id]
    name: Mapped[str]
    currency: Mapped[str] = mapped_column(String(3))
    timezone: Mapped[str]
    is_demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Membership(Model):
    """A user's part in a business."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("user_id", "business_id"), archived("business"))

    id: Mapped[Id]
    user_id: Mapped[str] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="CASCADE"), index=True
    )
    created_at: Mapped[CreatedAt]
