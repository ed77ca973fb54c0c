"""When the daily backup is due: pure rules on days, moments and what was done last.

A day of the schedule is a calendar day in the installation's zone. It is due from its time on,
until something is begun for it; of several missed days only the newest counts.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)
PAUSES = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))  # before each new try


def moment_of(day: date, at: time, zone: tzinfo) -> datetime:
    """Return when the day's backup is due, in UTC.

    A time that the clocks skip on that day is as much later, one that comes twice is the first.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


def latest_day(now: datetime, at: time, zone: tzinfo) -> date:
    """Return the newest day whose time has come."""
    today = now.astimezone(zone).date()
    return today if moment_of(today, at, zone) <= now else today - DAY


def is_new(day: date, last_day: date) -> bool:
    """Tell whether nothing was begun for the day yet.

    The day before the last one means that the clock, the time or the zone was set back a little:
    it was done. A day further back means that the clock had been ahead, and that counting on it
    would stop the backups until then.
    """
    return day > last_day or day < last_day - DAY


def next_day_at(now: datetime, last_day: date, at: time, zone: tzinfo) -> datetime:
    """Return when the next day's backup is due: `now` when it already is."""
    if is_new(latest_day(now, at, zone), last_day):
        return now
    return moment_of(last_day + DAY, at, zone)


def retry_at(attempts: int, failed_at: datetime, now: datetime) -> datetime | None:
    """Return when a day that failed is tried again, None when it was tried often enough.

    A failure that lies in the future says that the clock was set back: it waits no longer.
    """
    if not 1 <= attempts <= len(PAUSES):
        return None
    return now if failed_at > now else failed_at + PAUSES[attempts - 1]
