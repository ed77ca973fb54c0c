"""Where the periods of a zone begin: hours, days, weeks from Monday, months, by its own clock.

All are half-open and none overlap. A day is a day of the sales page. An hour begins where the
clock shows a whole hour, where the day begins, and where the clock is moved: so the hour that
comes twice is two hours, an hour that is skipped is none, and each day holds whole hours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from wifiapp.sales.periods import DAY, beginning

Bounds = list[datetime]  # the beginnings of periods, and the end of the last one
Span = tuple[datetime, datetime]  # [start, end)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)  # the least that PostgreSQL tells apart


def bounds(kind: str, zone: str, start: datetime, end: datetime) -> Bounds:
    """Return the bounds of all periods that meet [start, end), start < end."""
    tz = ZoneInfo(zone)
    days = _days(kind, start.astimezone(tz).date() - DAY)
    found: Bounds = []
    for day in days:
        moment = beginning(day, tz)
        if not found or moment > found[-1]:  # a zone can skip a whole day
            found.append(moment)
        if moment >= end:
            break
    if kind == "hour":
        found = [hour for day in pairwise(found) for hour in _hours(*day, tz)] + found[-1:]
    return found[bisect_right(found, start) - 1 : bisect_left(found, end) + 1]


def aligned(spans: Iterable[Span], within: Bounds) -> list[Span]:
    """Widen the spans to whole periods, and join those that touch."""
    found: list[Span] = []
    for start, end in sorted(spans):
        first = within[bisect_right(within, start) - 1]
        last = within[bisect_left(within, end)]
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def clipped(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return what of the spans lies in [start, end)."""
    cut = ((max(first, start), min(last, end)) for first, last in spans)
    return [(first, last) for first, last in cut if first < last]


def plain(moment: datetime | None) -> datetime | None:
    """Return the moment as a plain TIMESTAMP holds it."""
    return moment and moment.astimezone(UTC).replace(tzinfo=None)


def as_array(within: Bounds) -> str:
    """Write the bounds as an array that PostgreSQL reads; none has a part of a second."""
    return "{" + ",".join(f"{plain(moment):%Y-%m-%d %H:%M:%S}" for moment in within) + "}"


def _days(kind: str, day: date) -> Iterator[date]:
    """Yield the first days of the periods, from the one that holds the day; of hours all days."""
    if kind == "month":
        day = day.replace(day=1)
    elif kind == "week":
        day -= timedelta(days=day.weekday())
    while True:
        yield day
        if kind == "month":
            day = (day + timedelta(days=31)).replace(day=1)
        else:
            day += timedelta(days=7) if kind == "week" else DAY


def _hours(start: datetime, end: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    """Yield the beginnings of the hours of a day [start, end)."""
    while start < end:
        offset = _offset(start, tz)
        change = end if _offset(end - MOMENT, tz) == offset else _change(start, end, tz)
        while start < change:
            yield start
            # `past` is what the clock shows beyond a whole hour
            past = (start + offset - datetime.min.replace(tzinfo=UTC)) % HOUR
            start = min(start + HOUR - past, change)


def _offset(moment: datetime, tz: ZoneInfo) -> timedelta:
    return moment.astimezone(tz).utcoffset() or timedelta()


def _change(start: datetime, end: datetime, tz: ZoneInfo) -> datetime:
    """Return the second at which the clock is moved; it is moved once in (start, end)."""
    offset, seconds = _offset(start, tz), range(int((end - start).total_seconds()))
    is_past = bisect_left(
        seconds, True, key=lambda n: _offset(start + timedelta(seconds=n), tz) != offset
    )
    return start + timedelta(seconds=is_past)
