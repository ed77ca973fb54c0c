"""The span of time in which anything happened or was rolled up."""

from datetime import UTC, datetime

from sqlalchemy import text

from wifiapp.analytics.periods import MOMENT, Span, plain
from wifiapp.db import db

# What lies outside is a mistake of a clock; nothing of it is rolled up.
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

EXTENT = text(
    """
    SELECT least(min(first), :now), greatest(max(last), :now) FROM (
        SELECT min("createdAt") AS first, max("createdAt") AS last FROM wifi_tokens
        UNION ALL SELECT min("firstUsedAt"), max("firstUsedAt") FROM wifi_tokens
        UNION ALL SELECT min(coalesce("endedAt", "expiresAt", "redeemBy")),
                         max(coalesce("endedAt", "expiresAt", "redeemBy"))
                  FROM wifi_tokens WHERE status = 'EXPIRED'
        UNION ALL SELECT min("soldAt"), max("soldAt") FROM wifi_token_sales
        UNION ALL SELECT min("voidedAt"), max("voidedAt") FROM wifi_token_sales
        UNION ALL SELECT min("startedAt"), max("startedAt") FROM device_sessions
        UNION ALL SELECT NULL, max("endedAt") FROM device_sessions
        UNION ALL SELECT min("startsAt"), max("startsAt") FROM token_usage
        UNION ALL SELECT min("periodStart"), max("periodEnd") FROM wifi_usage_analytics
        UNION ALL SELECT NULL, max("rolledUpTo") FROM rollup_states
    ) AS moments
    """
)


def find_extent(now: datetime) -> Span:
    """Return the span in which anything happened or was rolled up; each end is in an index."""
    first, last = db.session.execute(EXTENT, {"now": plain(now)}).one()
    return max(FIRST, first.replace(tzinfo=UTC)), min(LAST, last.replace(tzinfo=UTC) + MOMENT)
