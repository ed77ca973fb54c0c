"""Sales: one line for each token sold, never deleted, voided with a reason; closed day by day."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.auth.models import User
from wifiapp.businesses.models import Business
from wifiapp.columns import (
    Count,
    CreatedAt,
    Id,
    Moment,
    Money,
    Total,
    UpdatedAt,
    at_least_zero,
    one_of,
)
from wifiapp.db import Model, archived
from wifiapp.tokens.models import WifiToken

METHOD_KINDS = ("CASH", "MOBILE", "OTHER")


class WifiTokenSale(Model):
    """A token sold at a till; a void keeps the line and says when, who and why.

    `sale_channel` and `payment_method` are open lists (DIRECT, POS, …; CASH, …), shown as they
    stand. `receipt_number` counts from 1 in each business, without gaps and in the order of
    `sold_at`. The customer pays `sale_amount` and, on top, the `fee` of the method;
    `tendered` is the cash that was handed over. `gift_reason` says why nothing was paid.
    `sold_with` and `voided_with` name the program that did it in the place of a person.
    `idempotency_key` is the asker's own name for the sale: asked for twice, it is made once.
    """

    __tablename__ = "wifi_token_sales"
    __table_args__ = (
        UniqueConstraint("business_id", "receipt_number"),
        UniqueConstraint("business_id", "idempotency_key"),
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
        at_least_zero("fee"),
        CheckConstraint('"tendered" >= "saleAmount" + "fee"', name="tendered"),
        CheckConstraint('"giftReason" IS NULL OR "saleAmount" = 0', name="giftReason"),
        CheckConstraint('("voidedAt" IS NULL) = ("voidReason" IS NULL)', name="voidReason"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(ForeignKey(Business.id, ondelete="RESTRICT"))
    wifi_token_id: Mapped[str] = mapped_column(
        ForeignKey(WifiToken.id, ondelete="RESTRICT"), index=True
    )
    receipt_number: Mapped[int | None] = mapped_column(BigInteger)
    idempotency_key: Mapped[str | None]
    sale_amount: Mapped[Money]
    fee: Mapped[Total] = mapped_column(default=Decimal(0))
    tendered: Mapped[Money | None]
    payment_method: Mapped[str] = mapped_column(default="CASH", server_default="CASH")
    transaction_code: Mapped[str | None]
    gift_reason: Mapped[str | None]
    sale_channel: Mapped[str] = mapped_column(default="DIRECT", server_default="DIRECT", index=True)
    sold_at: Mapped[Moment]
    sold_by: Mapped[str | None] = mapped_column(
        ForeignKey(User.id, ondelete="RESTRICT"), index=True
    )
    sold_with: Mapped[str | None]
    voided_at: Mapped[Moment | None]
    voided_by: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    voided_with: Mapped[str | None]
    void_reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class PaymentMethod(Model):
    """A way to pay that a business offers at its till, by the name that its sales carry.

    The fee is `fee_percent` of the price, but at least `fee_minimum`; without a percentage the
    minimum is a fixed fee.
    """

    __tablename__ = "payment_methods"
    __table_args__ = (
        UniqueConstraint("business_id", "name"),
        one_of("kind", METHOD_KINDS),
        CheckConstraint('"feePercent" BETWEEN 0 AND 100', name="feePercent"),
        at_least_zero("feeMinimum"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(ForeignKey(Business.id, ondelete="RESTRICT"))
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(10), default="OTHER", server_default="OTHER")
    fee_percent: Mapped[Decimal] = mapped_column(
        Numeric(5, 2), default=Decimal(0), server_default=text("0")
    )
    fee_minimum: Mapped[Total] = mapped_column(default=Decimal(0))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class DayClosing(Model):
    """A day of a business, counted and closed: what was from `starts_at` until before `ends_at`.

    `day` is the day in the business's zone that was closed, `number` counts its closings from 1.
    It keeps what was expected and what was counted, and is never changed.
    """

    __tablename__ = "day_closings"
    __table_args__ = (
        UniqueConstraint("business_id", "day", "number"),
        Index("day_closings_businessId_endsAt_idx", "business_id", "ends_at", "id"),
        Index("day_closings_endsAt_idx", "ends_at", "id"),
        CheckConstraint('"startsAt" < "endsAt"', name="endsAt"),
        CheckConstraint('"number" >= 1', name="number"),
        at_least_zero("countedCash"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(ForeignKey(Business.id, ondelete="RESTRICT"))
    day: Mapped[date]
    number: Mapped[int]
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    expected_cash: Mapped[Money]
    counted_cash: Mapped[Money]
    note: Mapped[str | None]
    closed_at: Mapped[Moment]
    closed_by: Mapped[str | None] = mapped_column(ForeignKey(User.id, ondelete="RESTRICT"))
    created_at: Mapped[CreatedAt]


class DayClosingSum(Model):
    """What a closing came to in one payment method: sales less voids."""

    __tablename__ = "day_closing_sums"
    __table_args__ = (UniqueConstraint("day_closing_id", "method"), archived("business"))

    id: Mapped[Id]
    day_closing_id: Mapped[str] = mapped_column(ForeignKey(DayClosing.id, ondelete="CASCADE"))
    method: Mapped[str]
    is_cash: Mapped[bool]
    quantity: Mapped[Count]
    voids: Mapped[Count]
    amount: Mapped[Total]
    fees: Mapped[Total]
