"""How long raw sessions are kept: what the setting means."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from wifiapp.analytics.grid import moved

SETTING = "sessions"  # its name among the settings
LEAST, MOST = 4, 120  # months
RECENT = timedelta(days=92)  # stays in any case: what is cut through is over and rolled up


def kept_months(stored: Any) -> int | None:
    """Read the stored setting; None, and anything of no use, keeps sessions for ever."""
    months = stored.get("months") if isinstance(stored, dict) else None
    return months if type(months) is int and LEAST <= months <= MOST else None


def cutoff(months: int, now: datetime) -> datetime:
    """Return the moment before which sessions must have ended to be dropped.

    It is the first of a month at midnight of UTC, so that whole months are kept beside this one.
    """
    day = moved("month", now.astimezone(UTC).date(), -months)
    return datetime.combine(day, time(), UTC)
