"""How long raw sessions are kept: what the setting means."""

from datetime import UTC, datetime, timedelta
from typing import Any

SETTING = "sessions"  # its name among the settings
LEAST, MOST = 92, 3660  # days; so every month that is cut through is over and rolled up


def kept_days(stored: Any) -> int | None:
    """Read the stored setting; None, and anything of no use, keeps sessions for ever."""
    days = stored.get("days") if isinstance(stored, dict) else None
    return days if type(days) is int and LEAST <= days <= MOST else None


def cutoff(days: int, now: datetime) -> datetime:
    """Return the midnight of UTC before which sessions must have ended to be dropped."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days)
