"""A device's sessions on a line for each day, to be drawn as SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = 7
WIDTH = 1440  # units of a whole day
THINNEST = 3  # units: a session of a minute is still to be seen


@dataclass(frozen=True)
class Stretch:
    """A part of a day: where it begins and how long it is, of `WIDTH`."""

    x: float
    width: float


@dataclass
class Day:
    """A day of the shop's zone; nobody knows who was online in `unknown`."""

    date: date
    online: list[Stretch] = field(default_factory=list)
    unknown: list[Stretch] = field(default_factory=list)
    seconds: int = 0


def first_moment(now: datetime, tz: str) -> datetime:
    """Return when the first of the days began."""
    return _midnight(now.astimezone(ZoneInfo(tz)).date() - timedelta(days=DAYS - 1), tz)


def days(
    sessions: Iterable[tuple[datetime, datetime]],
    outages: Iterable[tuple[datetime, datetime]],
    now: datetime,
    tz: str,
) -> Sequence[Day]:
    """Lay (start, end) pairs out over the last days, today first."""
    today = now.astimezone(ZoneInfo(tz)).date()
    found, sessions, outages = [], list(sessions), list(outages)
    for back in range(DAYS):
        day = Day(today - timedelta(days=back))
        start, end = _midnight(day.date, tz), _midnight(day.date + timedelta(days=1), tz)
        for spans, stretches in ((sessions, day.online), (outages, day.unknown)):
            for begins, ends in spans:
                first, last = max(begins, start), min(ends, end)
                if first < last:
                    stretches.append(_stretch(first, last, start, end))
        day.seconds = sum(
            max(0, int((min(ends, end) - max(begins, start)).total_seconds()))
            for begins, ends in sessions
        )
        found.append(day)
    return found


def closed(rows: Iterable[Any], until: datetime) -> list[tuple[datetime, datetime]]:
    """Return (start, end) of sessions or outages; an open one lasts until then."""
    return [(each.started_at, max(each.started_at, each.ended_at or until)) for each in rows]


def _stretch(first: datetime, last: datetime, start: datetime, end: datetime) -> Stretch:
    unit = WIDTH / (end - start).total_seconds()  # a day of 23 or 25 hours fills the line too
    x = (first - start).total_seconds() * unit
    width = max(THINNEST, (last - first).total_seconds() * unit)
    return Stretch(round(min(x, WIDTH - width), 1), round(width, 1))


def _midnight(day: date, tz: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(tz)).astimezone(UTC)
