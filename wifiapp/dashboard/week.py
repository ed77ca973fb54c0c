"""What one week came to, day by day, beside the week before: a page that fits on a sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from wifiapp.access import Viewer
from wifiapp.analytics import building, grid, queries
from wifiapp.analytics.figures import Number
from wifiapp.analytics.frame import COUNTED, HEARD, SOLD
from wifiapp.analytics.report import Report
from wifiapp.sales import queries as sales
from wifiapp.sales import sums
from wifiapp.sales.periods import CUSTOM, Period

MOST = 5  # plans, channels and sellers
WEEK = timedelta(days=6)  # from its first day to its last


class Day(NamedTuple):
    """One day; `share` is its revenue by that of the best day, of 100."""

    label: str
    note: str
    revenue: Number
    share: int
    tokens: Number
    devices: Number
    connections: Number
    megabytes: Number


class Line(NamedTuple):
    """What a plan, channel or seller took, and in the week before."""

    name: str
    quantity: int
    amount: Decimal
    share: Decimal | None
    before: Decimal


class Outage(NamedTuple):
    """A hotspot that was silent: how often, and for how long in all."""

    hotspot: str
    times: int
    length: timedelta


@dataclass(frozen=True)
class Week:
    """A week of some shops; `report` has its seven days and those before, `viewer` sees no more."""

    report: Report
    viewer: Viewer
    now: datetime

    @cached_property
    def cells(self) -> list[sums.Cell]:
        """Return the sums of the sales, as the sales page has them."""
        return self._sales(self.report.grid)

    @cached_property
    def past_cells(self) -> list[sums.Cell]:
        return self._sales(self.report.before)

    @cached_property
    def days(self) -> list[Day]:
        """Return the days of the week that have begun."""
        report, frame = self.report, self.report.frame
        own = [each for each in report.amounts if each.currency == report.currency]
        revenue = [Decimal(0)] * len(frame.labels)
        for each in own:
            revenue[each.place] += each.amount
        tokens = [0] * len(frame.labels)
        for each in report.amounts:
            tokens[each.place] += each.quantity
        devices = queries.sum_devices(report.scope, report.grid)
        begun = building.column(frame, report.cells, "connections")
        volume = building.column(frame, report.cells, "volume")
        columns = zip(
            frame.labels,
            frame.notes(HEARD),
            frame.known(revenue, SOLD),
            [_share(value, revenue) for value in revenue],
            frame.known(tokens, SOLD),
            frame.known(devices, HEARD),
            frame.known(begun, HEARD),
            frame.known(volume, HEARD),
            strict=True,
        )
        slots = report.grid.slots
        return [
            Day(*row) for row, slot in zip(columns, slots, strict=True) if slot.start <= self.now
        ]

    @property
    def taken(self) -> Decimal:
        """Return what was taken in the currency."""
        return sums.total(
            cell for cell in self.cells if cell.currency == self.report.currency
        ).amount

    @property
    def sold(self) -> int:
        """Return the tokens sold, less those voided, in all currencies."""
        return sum(cell.quantity for cell in self.cells)

    @property
    def best(self) -> Day | None:
        """Return the day that took most, None when nothing was taken."""
        days = [day for day in self.days if day.revenue and day.revenue > 0]
        return max(days, key=lambda day: day.revenue or 0, default=None)

    def lines(self, dimension: str) -> list[Line]:
        """Return the largest sums of the currency by a dimension of the sales."""
        own = [cell for cell in self.cells if cell.currency == self.report.currency]
        past = [cell for cell in self.past_cells if cell.currency == self.report.currency]
        before = {each.name: each.amount for each in sums.grouped(past, dimension)}
        return [
            Line(it.name, it.quantity, it.amount, it.share, before.get(it.name, sums.NOTHING))
            for it in sums.grouped(own, dimension)[:MOST]
        ]

    @property
    def other_money(self) -> list[sums.Sum]:
        """Return what was taken in other currencies."""
        names = sums.found(self.cells, "currency")
        return [
            sums.total((cell for cell in self.cells if cell.currency == name), name)
            for name in names
            if name != self.report.currency
        ]

    @cached_property
    def devices(self) -> tuple[int, int] | None:
        """Return the devices of the week and how many of them were new, None when unknown."""
        whole = self._whole(self.report.grid)
        if all(n in self.report.frame.unknown(COUNTED) for n in range(len(self.report.grid.slots))):
            return None
        seen = sum(queries.sum_devices(self.report.scope, whole))
        return seen, min(seen, sum(queries.count_newcomers(self.report.scope, whole)))

    @property
    def devices_as_of(self) -> datetime | None:
        """Return when the running week's devices were counted, if its days are counted further."""
        if self.report.frame.running is None:
            return None
        days, week = (queries.find_rolled_up_to(self.report.scope, it) for it in ("day", "week"))
        return week if week and days and week < days else None

    @property
    def outages(self) -> list[Outage]:
        """Return the hotspots that were silent, the longest first."""
        start, end = self.report.grid.start, min(self.report.grid.end, self.now)
        found = []
        for name, spans in self.report.frame.silences.by_hotspot:
            inside = [(max(start, begun), min(end, over)) for begun, over in spans]
            length = sum((over - begun for begun, over in inside), timedelta())
            found.append(Outage(name, len(inside), length))
        return sorted(found, key=lambda each: (-each.length, each.hotspot))

    def _whole(self, days: grid.Grid) -> grid.Grid:
        return grid.build("week", days.starts, days.first, days.last, self.now)

    def _sales(self, days: grid.Grid) -> list[sums.Cell]:
        period = Period(CUSTOM, days.first, days.last)
        spans = {zone: period.span(zone, self.now) for zone in days.starts}
        cells = sales.sum_cells(self.viewer, sales.Wanted(spans))
        return [cell._replace(seller=cell.seller or "") for cell in cells]


def week_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the week of a day."""
    monday = grid.floor("week", day)
    return monday, monday + WEEK


def _share(value: Decimal, values: Sequence[Decimal]) -> int:
    most = max(values)
    return int(max(Decimal(0), value) * 100 / most) if most > 0 else 0
