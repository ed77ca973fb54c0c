"""Plans, batches, and the tokens that customers type."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnClause,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import (
    SYSTEMS,
    CreatedAt,
    Id,
    Moment,
    Money,
    System,
    UpdatedAt,
    UtcDateTime,
    at_least_zero,
    one_of,
)
from wifiapp.db import Model, archived, filled
from wifiapp.hotspots.models import Hotspot

STATUSES = ("UNUSED", "SOLD", "ACTIVE", "EXPIRED", "DISABLED")
BATCH_STATUSES = ("QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED")
UNFINISHED = ("QUEUED", "RUNNING")
SOURCES = ("MADE", "IMPORTED", "SPOT")

# What `codes.typed` makes of a code, as an expression that an index holds.
as_typed: ColumnClause[str] = literal_column("translate(upper(token), 'OIL- ', '011')", Text)

# When an EXPIRED token did, as an expression that an index holds.
expired_at: ColumnClause[datetime] = literal_column(
    'coalesce("endedAt", "expiresAt", "redeemBy")', UtcDateTime
)

# A printed voucher lies in a drawer: it is sold by its own code, or after all the others.
is_printed: ColumnClause[bool] = literal_column('("printedAt" IS NOT NULL)', Boolean)

# Which tokens `redeem_by` ends and which `expires_at`, as the indexes of both have it.
is_unused: ColumnClause[bool] = literal_column("status IN ('UNUSED', 'SOLD')", Boolean)
is_running: ColumnClause[bool] = literal_column("status = 'ACTIVE'", Boolean)

# What is in stock, as its indexes have it.
is_unsold: ColumnClause[bool] = literal_column("status = 'UNUSED'", Boolean)


class TokenConfiguration(Model):
    """A plan: what a business sells; volumes are MB, none means unlimited.

    When fewer than `min_stock` tokens are unsold, the worker has more made, up to `refill_to`;
    `kept_at` is when it last did. `hotspot_id` is the device that makes its tokens unless another
    one is named.
    """

    __tablename__ = "token_configurations"
    __table_args__ = (
        one_of("system", SYSTEMS),
        at_least_zero("price"),
        CheckConstraint('"minStock" >= 1', name="minStock"),
        CheckConstraint('"refillTo" BETWEEN "minStock" AND 1000', name="refillTo"),
        CheckConstraint('("minStock" IS NULL) = ("refillTo" IS NULL)', name="stock"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="RESTRICT"), index=True
    )
    name: Mapped[str]
    system: Mapped[System]
    duration_minutes: Mapped[int]
    download_mb: Mapped[int | None]
    upload_mb: Mapped[int | None]
    device_limit: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    price: Mapped[Money]
    sort_order: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    hotspot_id: Mapped[str | None] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"))
    min_stock: Mapped[int | None]
    refill_to: Mapped[int | None]
    kept_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class TokenBatch(Model):
    """Tokens asked for at once, and how far they are: the row is the job that makes them.

    It keeps the plan as it was when the batch was asked for, so that all its tokens are alike.
    `created_by` is an email. SPOT ones are made at a till for a customer who waits.

    `called_at` is when a call to the device began of which it is not known what came of it:
    `called_for` tokens, with `called_codes` where codes are ours. `waits_until` is when a batch
    whose device is silent is tried again; `failures` counts those tries, `error` says why.
    """

    __tablename__ = "token_batches"
    __table_args__ = (
        one_of("source", SOURCES),
        one_of("system", SYSTEMS),
        one_of("status", BATCH_STATUSES),
        at_least_zero("price"),
        CheckConstraint('"asked" >= 1', name="asked"),
        CheckConstraint('"made" BETWEEN 0 AND "asked"', name="made"),
        CheckConstraint('("calledAt" IS NULL) = ("calledFor" = 0)', name="calledFor"),
        Index("token_batches_createdAt_idx", "created_at", "id"),
        Index(
            "token_batches_unfinished_idx",
            "created_at",
            "id",
            postgresql_where=text("status IN ('QUEUED', 'RUNNING')"),
        ),
        Index(
            "token_batches_called_idx",
            "hotspot_id",
            postgresql_where=text('"calledAt" IS NOT NULL'),
        ),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(
        ForeignKey(Business.id, ondelete="RESTRICT"), index=True
    )
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"))
    token_config_id: Mapped[str] = mapped_column(
        ForeignKey(TokenConfiguration.id, ondelete="RESTRICT")
    )
    source: Mapped[str] = mapped_column(String(10))
    system: Mapped[System]
    plan_name: Mapped[str]
    duration_minutes: Mapped[int]
    download_mb: Mapped[int | None]
    upload_mb: Mapped[int | None]
    device_limit: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    price: Mapped[Money]
    asked: Mapped[int]
    made: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    status: Mapped[str] = mapped_column(String(10), default="QUEUED", server_default="QUEUED")
    error: Mapped[str | None]
    created_by: Mapped[str]
    called_at: Mapped[Moment | None]
    called_for: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    called_codes: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    waits_until: Mapped[Moment | None]
    failures: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    started_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class WifiToken(Model):
    """An access code, with the plan as it was when the token was made.

    `redeem_by` ends an unused token, `expires_at` a used one; `ended_at` and `end_reason` say
    when and why a person or the hotspot ended it before that; `printed_at` is when it last came
    out of a printer. Used volumes are MB.
    """

    __tablename__ = "wifi_tokens"
    __table_args__ = (
        UniqueConstraint("hotspot_id", "token"),
        Index(
            "wifi_tokens_token_idx", "token", postgresql_ops={"token": "text_pattern_ops"}
        ),  # a part of a code finds it, whatever the collation
        Index(
            "wifi_tokens_typed_idx",
            as_typed.label("typed"),
            postgresql_ops={"typed": "text_pattern_ops"},
        ),
        Index("wifi_tokens_businessId_status_idx", "business_id", "status"),
        Index("wifi_tokens_createdAt_idx", "created_at", "id"),
        Index(
            "wifi_tokens_firstUsedAt_idx",
            "first_used_at",
            postgresql_where=text('"firstUsedAt" IS NOT NULL'),
        ),
        Index("wifi_tokens_expired_idx", expired_at, postgresql_where=text("status = 'EXPIRED'")),
        Index(
            "wifi_tokens_stock_idx",
            "token_config_id",
            is_printed,
            "created_at",
            "id",
            postgresql_where=text("status = 'UNUSED'"),
        ),  # in the order in which they are sold
        Index(
            "wifi_tokens_unsold_idx",
            "token_config_id",
            "redeem_by",
            postgresql_where=text("status = 'UNUSED'"),
        ),  # small, and enough to count a stock
        Index(
            "wifi_tokens_redeemBy_idx",
            "redeem_by",
            postgresql_where=and_(is_unused, text('"redeemBy" IS NOT NULL')),
        ),
        Index(
            "wifi_tokens_expiresAt_idx",
            "expires_at",
            postgresql_where=and_(is_running, text('"expiresAt" IS NOT NULL')),
        ),
        Index(
            "wifi_tokens_hotspotId_live_idx",
            "hotspot_id",
            postgresql_where=text("status IN ('UNUSED', 'SOLD', 'ACTIVE')"),
        ),
        one_of("system", SYSTEMS),
        one_of("status", STATUSES),
        at_least_zero("price"),
        archived("business") | filled(80),
    )

    id: Mapped[Id]
    business_id: Mapped[str] = mapped_column(ForeignKey(Business.id, ondelete="RESTRICT"))
    hotspot_id: Mapped[str] = mapped_column(ForeignKey(Hotspot.id, ondelete="RESTRICT"))
    token_config_id: Mapped[str] = mapped_column(
        ForeignKey(TokenConfiguration.id, ondelete="RESTRICT"), index=True
    )
    batch_id: Mapped[str | None] = mapped_column(
        ForeignKey(TokenBatch.id, ondelete="RESTRICT"), index=True
    )
    system: Mapped[System]
    token: Mapped[str] = mapped_column(String(32))
    device_name: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(10), default="UNUSED", server_default="UNUSED")
    plan_name: Mapped[str]
    duration_minutes: Mapped[int]
    download_mb: Mapped[int | None]
    upload_mb: Mapped[int | None]
    device_limit: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    price: Mapped[Money]
    redeem_by: Mapped[Moment | None]
    expires_at: Mapped[Moment | None]
    first_used_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    end_reason: Mapped[str | None]
    printed_at: Mapped[Moment | None]
    used_down_mb: Mapped[Decimal] = mapped_column(
        Numeric(14, 2), default=Decimal(0), server_default=text("0")
    )
    used_up_mb: Mapped[Decimal] = mapped_column(
        Numeric(14, 2), default=Decimal(0), server_default=text("0")
    )
    last_sync_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
