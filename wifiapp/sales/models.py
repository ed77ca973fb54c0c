"""Sales: one line for each token sold, never deleted, voided with a reason."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.auth.models import User
from wifiapp.businesses.models import Business
from wifiapp.columns import CreatedAt, Id, Moment, Money, UpdatedAt, at_least_zero
from wifiapp.db import Model, archived
from wifiapp.tokens.models import WifiToken


class WifiTokenSale(Model):
    """A token sold at a till; a void keeps the line and says when, who and why.

    `sale_channel` is an open list (DIRECT, POS, …), shown as it stands. `receipt_number`
    counts from 1 in each business.
    """

    __tablename__ = "wifi_token_sales"
    __table_args__ = (
        UniqueConstraint("business_id", "receipt_number"),
        Index("wifi_token_sales_businessId_soldAt_idx", "business_id", "sold_at", "id"),
        Index("wifi_token_sales_soldAt_idx", "sold_at", "id"),
        Index(
            "wifi_token_sales_voidedAt_idx",
            "voided_at",
            "id",
            postgresql_where=text('"voidedAt" IS NOT NULL'),
        ),
        Index(
            "wifi_token_sales_wifiTokenId_live_key",
            "wifi_token_id",
            unique=True,
            postgresql_where=text('"voidedAt" IS NULL'),
        ),
        at_least_zero("saleAmount"),
        CheckConstraint('("voidedAt" IS NULL) = ("voidReason" IS NULL)', name="voidReason"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(ForeignKey(Business.id, ondelete="RESTRICT"))
    wifi_token_id: Mapped[str] = mapped_column(
        ForeignKey(WifiToken.id, ondelete="RESTRICT"), index=True
    )
    receipt_number: Mapped[int | None] = mapped_column(BigInteger)
    sale_amount: Mapped[Money]
    payment_method: Mapped[str] = mapped_column(default="CASH", server_default="CASH")
    sale_channel: Mapped[str] = mapped_column(default="DIRECT", server_default="DIRECT", index=True)
    sold_at: Mapped[Moment]
    sold_by: Mapped[str | None] = mapped_column(
        ForeignKey(User.id, ondelete="RESTRICT"), index=True
    )
    voided_at: Mapped[Moment | None]
    voided_by: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    void_reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
