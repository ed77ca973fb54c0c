"""What a figure is: a chart, the numbers under it, and the same numbers as rows of a file."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from wifiapp import formats
from wifiapp.analytics.grid import Slot

Number = int | Decimal | None  # None: nobody knows, which is not 0

COUNT, AVERAGE, MEGABYTES = "", "avg", "MB"  # units; any other is a currency
LEVELS = 5  # of the heat map
GIGABYTE = 1000  # MB
MOST_SERIES = 6  # the palette of the charts

COLUMNS = ("figure", "period", "from", "to", "series", "unit", "value", "note")


@dataclass(frozen=True)
class Series:
    """One number of each row; `role` says where it stands.

    both: in the chart and the table, chart or table: there alone, before: a line over the chart
    and a column of the table. One that `adds_up` has its sum under the column.
    """

    name: str
    values: Sequence[Number]
    role: str = "both"
    adds_up: bool = True

    @property
    def total(self) -> Number:
        """Return the sum of what is known."""
        known = [value for value in self.values if value is not None]
        return sum(known) if known else None


@dataclass(frozen=True)
class Figure:
    """A chart with its table: a label, a note and the number of each series by row.

    `kind` is that of the chart component, "" for a table alone. `gaps` are the rows of which
    nothing is known, `running` the one that is not over.
    """

    id: str
    title: str
    hint: str
    kind: str
    heading: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = COUNT
    notes: Sequence[str] = ()
    gaps: Sequence[int] = ()
    running: int | None = None
    slots: Sequence[Slot] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no number but 0."""
        return not any(value for series in self.series for value in series.values)

    @property
    def columns(self) -> list[Series]:
        """Return the series of the table."""
        return [each for each in self.series if each.role != "chart"]

    @property
    def scale(self) -> tuple[int, str, str]:
        """Return by what numbers are divided to be shown, their unit, and their pattern."""
        if self.unit == COUNT:
            return 1, "", "#,##0"
        if self.unit == AVERAGE:
            return 1, "", "#,##0.0"
        if self.unit != MEGABYTES:
            return 1, self.unit, "#,##0.00"
        known = [value for each in self.series for value in each.values if value is not None]
        if max(known, default=0) >= GIGABYTE:
            return GIGABYTE, "GB", "#,##0.00"
        return 1, "MB", "#,##0.0"

    def shown(self, value: Number) -> str:
        """Write a number of the table."""
        by, _unit, pattern = self.scale
        if value is None:
            return formats.NOTHING
        return formats.number(Decimal(value) / by, pattern)

    def level(self, value: Number) -> str:
        """Return how hot a number of the heat map is: "gap", or 0 to `LEVELS`."""
        if value is None:
            return "gap"
        most = max(each for series in self.series for each in series.values if each is not None)
        return str(math.ceil(LEVELS * value / most) if most else 0)

    def data(self) -> list[dict[str, Any]]:
        """Return the datasets of the chart."""
        by, _unit, pattern = self.scale
        places = pattern.partition(".")[2].count("0")
        return [
            {"label": each.name, "data": [_drawn(value, by, places) for value in each.values]}
            | ({"before": True} if each.role == "before" else {})
            for each in self.series
            if each.role != "table"
        ]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the numbers of the table as `COLUMNS`, in the unit in which they are kept."""
        for n, label in enumerate(self.labels):
            slot = self.slots[n] if self.slots else None
            for each in self.columns:
                yield {
                    "figure": self.id,
                    "period": label,
                    "from": slot and slot.start,
                    "to": slot and slot.end,
                    "series": each.name,
                    "unit": self.unit or None,
                    "value": each.values[n],
                    "note": (self.notes[n] if self.notes else "") or None,
                }


def ranked(found: dict[str, list[Number]]) -> list[Series]:
    """Return series, the largest first; the chart shows what is beyond its palette as one."""
    order = sorted(found, key=lambda name: (-(Series(name, found[name]).total or 0), name))
    if len(order) <= MOST_SERIES:
        return [Series(name, found[name]) for name in order]
    kept, rest = order[: MOST_SERIES - 1], order[MOST_SERIES - 1 :]
    other = summed([found[name] for name in rest])
    return [
        *(Series(name, found[name]) for name in kept),
        *(Series(name, found[name], "table") for name in rest),
        Series(_("Other"), other, "chart"),
    ]


def summed(columns: Sequence[Sequence[Number]]) -> list[Number]:
    """Add up columns row by row; what nobody knows in any of them stays so."""
    return [
        None if any(value is None for value in row) else sum(value or 0 for value in row)
        for row in zip(*columns, strict=True)
    ]


def _drawn(value: Number, by: int, places: int) -> float | int | None:
    """Return a number as short as the chart needs it."""
    if value is None:
        return None
    short = round(float(value) / by, places)
    return int(short) if short == int(short) else short
