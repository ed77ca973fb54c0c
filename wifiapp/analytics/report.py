"""Everything one page of the analytics says: its figures, its sums, and what they compare with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from wifiapp.analytics import building, grid, queries
from wifiapp.analytics.figures import Figure, Number, summed
from wifiapp.analytics.frame import HEARD, SOLD, Frame
from wifiapp.analytics.grid import Grid
from wifiapp.analytics.outages_queries import find_silences
from wifiapp.analytics.queries import Scope


class Change(NamedTuple):
    """A sum of the range, and how the full periods compare with as many before them."""

    value: Number
    ratio: Decimal | None


# Hours and days follow within a minute; weeks and months when they have had their rest.
LATE = {"hour": timedelta(minutes=5), "day": timedelta(minutes=5)}
LATE_AT_LAST = timedelta(minutes=15)
FOUR_WEEKS = timedelta(days=27)  # with the last day


@dataclass(frozen=True)
class Report:
    """The figures of a range; `before` are as many periods right before it."""

    scope: Scope
    grid: Grid
    before: Grid
    now: datetime
    currency: str
    is_compared: bool = False

    @cached_property
    def rolled_up_to(self) -> datetime | None:
        """Return the moment of which the roll-ups are true."""
        return queries.find_rolled_up_to(self.scope, self.grid.unit)

    @property
    def is_late(self) -> bool:
        """Tell whether the roll-ups lag behind by more than they do when all is well."""
        patience = LATE.get(self.grid.unit, LATE_AT_LAST)
        return self.rolled_up_to is None or self.now - self.rolled_up_to > patience

    @cached_property
    def frame(self) -> Frame:
        """Return the periods and what is known of them."""
        first = queries.find_first_data(self.scope)
        silences = find_silences(self.scope, self.grid, self.now)
        return Frame(self.grid, self.now, first, silences, self.rolled_up_to)

    @cached_property
    def past(self) -> Frame:
        """Return the periods before, as far as they are known."""
        return replace(
            self.frame, grid=self.before, silences=find_silences(self.scope, self.before, self.now)
        )

    @cached_property
    def cells(self) -> list[queries.Cell]:
        return queries.sum_rollups(self.scope, self.grid)

    @cached_property
    def past_cells(self) -> list[queries.Cell]:
        return queries.sum_rollups(self.scope, self.before)

    @cached_property
    def amounts(self) -> list[queries.Amount]:
        return queries.sum_channels(self.scope, self.grid)

    @cached_property
    def currencies(self) -> list[str]:
        """Return the currencies in which anything was taken."""
        return sorted({each.currency for each in self.amounts})

    def figure(self, name: str) -> Figure:
        """Build one figure."""
        figure: Figure = getattr(self, f"_{name}")()
        return figure

    @property
    def figures(self) -> list[Figure]:
        """Build all of them, in the order of the page."""
        return [self.figure(name) for name in NAMES]

    def change(self, measure: str) -> Change:
        """Return the sum of a measure and its change."""
        own, past = self.cells, self.past_cells
        if measure == "revenue":
            own = [cell for cell in own if cell.currency == self.currency]
            past = [cell for cell in past if cell.currency == self.currency]
        values = building.column(self.frame, own, measure)
        return _change(self.frame, values, self._aligned(past, measure))

    def _channels(self) -> Figure:
        past = self._past("revenue", SOLD)
        return building.by_channel(self.frame, self.amounts, self.currency, past)

    def _systems(self) -> Figure:
        past = self._past("revenue", SOLD)
        return building.by_system(self.frame, self.cells, self.currency, past)

    def _tokens(self) -> Figure:
        return building.tokens(self.cells, self.past_cells if self.is_compared else None)

    def _devices(self) -> Figure:
        seen = queries.sum_devices(self.scope, self.grid)
        new = queries.count_newcomers(self.scope, self.grid)
        past: Sequence[Number] = ()
        if self.is_compared:
            known = self.past.known(queries.sum_devices(self.scope, self.before), HEARD)
            past = self._padded(known)
        return building.devices(self.frame, seen, new, self.cells, past)

    def _hours(self) -> Figure:
        """Look at four weeks at least: of fewer, an average is no habit."""
        days = grid.build(
            "day",
            self.grid.starts,
            min(self.grid.first, self.grid.last - FOUR_WEEKS),
            self.grid.last,
            self.now,
        )
        frame = replace(self.frame, grid=days, silences=find_silences(self.scope, days, self.now))
        begun = queries.sum_hours(self.scope, days, frame.counted_until)
        return building.by_hour(frame, begun)

    def _volume(self) -> Figure:
        past = self._past("down", HEARD), self._past("up", HEARD)
        both = summed(past) if self.is_compared else []
        return building.volume(self.frame, self.cells, both)

    def _types(self) -> Figure:
        types = queries.sum_device_types(self.scope, self.grid)
        return building.device_types(self.frame, types)

    def _past(self, measure: str, kind: str) -> list[Number]:
        """Return a measure of the periods before, when it is wanted."""
        if not self.is_compared:
            return []
        cells = self.past_cells
        if measure == "revenue":
            cells = [cell for cell in cells if cell.currency == self.currency]
        return self._padded(self.past.known(building.column(self.past, cells, measure), kind))

    def _aligned(self, cells: list[queries.Cell], measure: str) -> list[Number]:
        return self._padded(building.column(self.past, cells, measure))

    def _padded(self, values: list[Number]) -> list[Number]:
        """Give the periods before the number of rows of the range: days differ in their hours."""
        rows = len(self.grid.slots)
        return [*values, *[None] * rows][:rows]


NAMES = ("channels", "systems", "tokens", "devices", "hours", "volume", "types")


def _change(frame: Frame, values: Sequence[Number], past: Sequence[Number]) -> Change:
    """Compare the periods that are over, each with the one before it."""
    total = sum(value or 0 for value in values)
    then = sum((Decimal(past[n] or 0) for n in frame.full), Decimal(0))
    now = sum((Decimal(values[n] or 0) for n in frame.full), Decimal(0))
    is_known = all(n not in frame.unknown(SOLD) for n in frame.full)
    return Change(total, now / then - 1 if then > 0 and is_known else None)
