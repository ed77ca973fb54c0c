"""The roll-ups, how far they are, and what waits to be rolled up."""

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DDL,
    CheckConstraint,
    ForeignKey,
    Numeric,
    String,
    UniqueConstraint,
    event,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.analytics.marks import MARKS
from wifiapp.businesses.models import Business
from wifiapp.columns import (
    SYSTEMS,
    Count,
    CreatedAt,
    Id,
    Mac,
    Moment,
    System,
    Total,
    UpdatedAt,
    one_of,
)
from wifiapp.db import Model, archived

PERIOD_TYPES = ("hour", "day", "week", "month")
SHORT, LONGER = PERIOD_TYPES[:2], PERIOD_TYPES[2:]  # the longer, the longer they take to count


class WifiUsageAnalytics(Model):
    """What happened in one period [start, end) on one system, in one business or in all.

    Without a business it covers all the real ones, by the installation's clock. A row stands for
    a period in which anything happened, and only what its numbers come from decides its bytes: a
    rebuilt row equals the one before, `created_at` and `updated_at` being the period's start.

    - `tokens_generated`, `tokens_used`, `tokens_expired`: tokens made, first used, and EXPIRED in
      the period (at their end, their expiry or the day to redeem them by).
    - `tokens_sold`: sales made in the period that are not void by now.
    - `total_revenue` and its parts by system: what the sales page says: amounts of the sales made
      in the period, less those voided in it, whenever they were made. All businesses together
      are added up whatever their currency.
    - `total_connections`: sessions begun; `avg_connection_duration`: minutes within the period
      of the sessions that reach into it, on average; an open one lasts until the roll-up.
    - `unique_devices`: MAC addresses with a session that reaches into the period: not additive.
      `device_type_stats` counts the same devices by type.
    - `total_bandwidth_down` and `_up`: by how many MB the tokens' volumes grew.
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


class RollupMark(Model):
    """What a change left to be rolled up; `marks` says how to read it. Only triggers write it."""

    __tablename__ = "rollup_marks"
    __table_args__ = (
        CheckConstraint('"startsAt" < "endsAt"', name="endsAt"),
        archived("business"),
    )

    id: Mapped[Id] = mapped_column(server_default=text("(gen_random_uuid())::text"))
    business_id: Mapped[str]  # no foreign key: a mark may outlive its business
    starts_at: Mapped[Moment | None]
    ends_at: Mapped[Moment | None]
    mac_address: Mapped[Mac | None]
    is_in_days: Mapped[bool] = mapped_column(default=False, server_default=false())


class RollupState(Model):
    """How the roll-ups of a business, or of all, came to be; without one they are made anew.

    They were cut in `zone`. Hours and days are true of `rolled_up_to`, weeks and months of
    `longer_to`: until then open sessions were counted. `is_demo` is whether the business was left
    out of the sums of all. Raw sessions that ended before `sessions_from` were dropped; periods
    that began before `periods_from` stand as they were cut in an earlier zone.
    """

    __tablename__ = "rollup_states"
    __table_args__ = (
        UniqueConstraint("business_id", postgresql_nulls_not_distinct=True),
        CheckConstraint('"periodsFrom" <= "sessionsFrom"', name="periodsFrom"),
        archived("business"),
    )

    id: Mapped[Id]
    business_id: Mapped[str | None] = mapped_column(ForeignKey(Business.id, ondelete="CASCADE"))
    zone: Mapped[str]
    is_demo: Mapped[bool]
    rolled_up_to: Mapped[Moment]
    longer_to: Mapped[Moment]
    sessions_from: Mapped[Moment | None]
    periods_from: Mapped[Moment | None]


# The triggers stand on tables of several features, so they come after all of them.
event.listen(
    Model.metadata,
    "after_create",
    DDL(MARKS.replace("%", "%%")),  # type: ignore[no-untyped-call]
)
