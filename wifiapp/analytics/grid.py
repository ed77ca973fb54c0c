"""The periods a page shows: hours, days, weeks or months on the shops' own clocks, side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from wifiapp.analytics.periods import bounds
from wifiapp.sales.periods import DAY, beginning

MONTHS = 12


@dataclass(frozen=True)
class Slot:
    """One period as it stands on the page: [start, end) in the first zone.

    `local` is its start on the zone's clock; its `fold` is 1 in the hour that comes again.
    """

    start: datetime
    end: datetime
    local: datetime

    def is_running(self, now: datetime) -> bool:
        """Tell whether it has begun and is not over."""
        return self.start <= now < self.end


@dataclass(frozen=True)
class Grid:
    """Periods without a gap between them: of each zone its own, shown in the same slots.

    `starts` has the beginning of each period by zone, and the end of the last one; `places` the
    slot of each.
    """

    unit: str
    first: date
    last: date
    slots: tuple[Slot, ...]
    starts: dict[str, list[datetime]]
    places: dict[str, list[int]]

    @property
    def start(self) -> datetime:
        """Return the earliest moment of any zone."""
        return min(moments[0] for moments in self.starts.values())

    @property
    def end(self) -> datetime:
        """Return the moment at which the last zone's last period is over."""
        return max(moments[-1] for moments in self.starts.values())


def floor(unit: str, day: date) -> date:
    """Return the first day of the week or month, or the day itself."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def moved(unit: str, day: date, count: int) -> date:
    """Return the first day of the period so many periods later; an hour's day moves by days."""
    if unit == "month":
        months = day.year * MONTHS + day.month - 1 + count
        return date(months // MONTHS, months % MONTHS + 1, 1)
    return floor(unit, day) + DAY * count * (7 if unit == "week" else 1)


def latest_start(unit: str, last: date, most: int) -> date:
    """Return the day from which there are at most so many periods until the last day."""
    return last - DAY * (most // 24 - 1) if unit == "hour" else moved(unit, last, 1 - most)


def build(unit: str, zones: Iterable[str], first: date, last: date, now: datetime) -> Grid:
    """Return the whole periods that hold the days from `first` to `last`; no hour is to come."""
    first, last = floor(unit, first), moved(unit, last, 1) - DAY
    starts = {zone: _starts(unit, zone, first, last) for zone in zones}
    if unit == "hour":
        starts = {zone: _until(now, moments) for zone, moments in starts.items()}
    named = {
        zone: {_name(start, zone): (start, end) for start, end in pairwise(moments)}
        for zone, moments in starts.items()
    }
    order = {name: n for n, name in enumerate(sorted(set().union(*named.values())))}
    slots: dict[int, Slot] = {}
    for periods in named.values():
        for (local, fold), (start, end) in periods.items():
            slots.setdefault(order[local, fold], Slot(start, end, local.replace(fold=fold)))
    return Grid(
        unit,
        first,
        last,
        tuple(slots[n] for n in range(len(order))),
        starts,
        {zone: [order[name] for name in periods] for zone, periods in named.items()},
    )


def _starts(unit: str, zone: str, first: date, last: date) -> list[datetime]:
    """Return the beginnings, and the end of the last period."""
    tz = ZoneInfo(zone)
    return bounds(unit, zone, beginning(first, tz), beginning(last + DAY, tz))


def _until(now: datetime, moments: list[datetime]) -> list[datetime]:
    """Leave out the periods to come, but not all."""
    begun = sum(moment <= now for moment in moments)
    return moments[: max(begun, 1) + 1]


def _name(start: datetime, zone: str) -> tuple[datetime, int]:
    """Name a period by its zone's clock; the hour that comes twice has two names."""
    local = start.astimezone(ZoneInfo(zone))
    return local.replace(tzinfo=None, fold=0), local.fold


def until_today(zones: Iterable[str], days: int, now: datetime) -> Grid:
    """Return so many days, the last one being today in each zone, whatever its date."""
    starts = {}
    for zone in zones:
        today = now.astimezone(ZoneInfo(zone)).date()
        starts[zone] = _starts("day", zone, today - DAY * (days - 1), today)
    leader = next(iter(starts))
    slots = tuple(
        Slot(start, end, start.astimezone(ZoneInfo(leader)).replace(tzinfo=None))
        for start, end in pairwise(starts[leader])
    )
    places = {zone: [*range(days)] for zone in starts}
    first, last = (slots[n].local.date() for n in (0, -1))
    return Grid("day", first, last, slots, starts, places)


def preceding(grid: Grid, now: datetime) -> Grid:
    """Return as many periods right before those of the grid."""
    days = (grid.last - grid.first).days + 1
    count = len(grid.slots) if grid.unit in ("week", "month") else days
    first = moved(grid.unit, grid.first, -count)
    return build(grid.unit, grid.starts, first, grid.first - DAY, now)
