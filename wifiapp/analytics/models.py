"""The roll-ups."""

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.businesses.models import Business
from wifiapp.columns import (
    SYSTEMS,
    Count,
    CreatedAt,
    Id,
    Moment,
    System,
    Total,
    UpdatedAt,
    one_of,
)
from wifiapp.db import Model, archived

PERIOD_TYPES = ("hour", "day", "week", "month")


class WifiUsageAnalytics(Model):
    """What happened in one period [start, end) on one system, in one business or in all.

    Durations are minutes, volumes MB. Without a business it covers all of them.
    """

    __tablename__ = "wifi_usage_analytics"
    __table_args__ = (
        UniqueConstraint(
            "period_type",
            "period_start",
            "system",
            "business_id",
            name="wifi_usage_analytics_period_key",  # PostgreSQL cuts names at 63 bytes
            postgresql_nulls_not_distinct=True,
        ),
        one_of("periodType", PERIOD_TYPES),
        one_of("system", SYSTEMS),
        CheckConstraint('"periodStart" < "periodEnd"', name="periodEnd"),
        CheckConstraint('"totalRevenue" = "esp32Revenue" + "r710Revenue"', name="totalRevenue"),
        archived("business"),
    )

    id: Mapped[Id]
    period_type: Mapped[str] = mapped_column(String(10), index=True)
    period_start: Mapped[Moment] = mapped_column(index=True)
    period_end: Mapped[Moment] = mapped_column(index=True)
    system: Mapped[System] = mapped_column(index=True)
    business_id: Mapped[str | None] = mapped_column(
        ForeignKey(Business.id, ondelete="CASCADE"), index=True
    )
    unique_devices: Mapped[Count]
    total_connections: Mapped[Count]
    avg_connection_duration: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    tokens_generated: Mapped[Count]
    tokens_sold: Mapped[Count]
    tokens_used: Mapped[Count]
    tokens_expired: Mapped[Count]
    total_revenue: Mapped[Total]
    esp32_revenue: Mapped[Total]
    r710_revenue: Mapped[Total]
    total_bandwidth_down: Mapped[Total]
    total_bandwidth_up: Mapped[Total]
    device_type_stats: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
