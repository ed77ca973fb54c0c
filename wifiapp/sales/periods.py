"""From "today" or "last month" to moments: half-open spans of a zone's own calendar days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TODAY, CUSTOM = "today", "custom"
PRESETS = (TODAY, "yesterday", "7-days", "month", "last-month", CUSTOM)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """The moments of the days from `first` to `last`: start <= moment < end."""

    first: date
    last: date
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Period:
    """A preset, or with CUSTOM the days chosen; the last day None means until today."""

    preset: str = TODAY
    first: date | None = None
    last: date | None = None

    def days(self, today: date) -> tuple[date, date]:
        """Return the first and the last day."""
        month = today.replace(day=1)
        before = (month - DAY).replace(day=1)
        presets = {
            "yesterday": (today - DAY, today - DAY),
            "7-days": (today - 6 * DAY, today),
            "month": (month, today),
            "last-month": (before, month - DAY),
        }
        if self.preset != CUSTOM or not (self.first or self.last):
            return presets.get(self.preset, (today, today))
        first = self.first or self.last or today
        return first, self.last or max(first, today)

    def span(self, zone: str, now: datetime) -> Span:
        """Return the span in the zone with this IANA name."""
        tz = ZoneInfo(zone)
        first, last = self.days(now.astimezone(tz).date())
        return Span(first, last, beginning(first, tz), beginning(last + DAY, tz))


def beginning(day: date, tz: ZoneInfo) -> datetime:
    """Return the first moment of a local day, in UTC.

    Where midnight comes twice it is the earlier one; where the clock jumps over midnight, the
    moment of the jump.
    """
    return datetime.combine(day, time(), tz).astimezone(UTC)
