"""The one place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the moment as an aware UTC datetime."""
    return datetime.now(UTC)
