"""The figures of the analytics, built from what the queries have found."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel import dates
from flask_babel import get_locale
from flask_babel import gettext as _

from wifiapp import formats
from wifiapp.analytics.figures import (
    AVERAGE,
    COUNT,
    MEGABYTES,
    Figure,
    Number,
    Series,
    ranked,
    summed,
)
from wifiapp.analytics.frame import COUNTED, HEARD, SOLD, Frame
from wifiapp.analytics.queries import Amount, Cell
from wifiapp.columns import SYSTEMS

NAUGHT = Decimal("0.00")


def headings() -> dict[str, str]:
    """Return what the column of the periods is called."""
    return {"hour": _("Hour"), "day": _("Day"), "week": _("Week"), "month": _("Month")}


def by_channel(
    frame: Frame, amounts: Sequence[Amount], currency: str, before: Sequence[Number]
) -> Figure:
    """Show what the channels took in one currency; `before` has the sums of the periods before."""
    found: dict[str, list[Number]] = {}
    for each in amounts:
        if each.currency == currency:
            values = found.setdefault(each.channel, [NAUGHT] * len(frame.labels))
            values[each.place] = each.amount
    series = ranked({name: frame.known(values, SOLD) for name, values in found.items()})
    total = summed([each.values for each in series if each.role != "chart"]) if series else []
    return _periods(
        frame,
        "channels",
        _("Revenue by channel"),
        _("Sales less voids, each at its own moment, as on the Sales page"),
        [*series, Series(_("All"), total, "table"), *_before(before)] if series else [],
        currency,
        SOLD,
    )


def by_system(
    frame: Frame, cells: Sequence[Cell], currency: str, before: Sequence[Number]
) -> Figure:
    """Show what each system took in one currency, as it is rolled up."""
    own = [cell for cell in cells if cell.currency == currency]
    found = {
        system: frame.known(column(frame, own, "revenue", system), COUNTED)
        for system in SYSTEMS
        if any(cell.system == system for cell in own)
    }
    series = [Series(name, values) for name, values in found.items()]
    total = [Series(_("All"), summed(list(found.values())), "table")] if found else []
    return _periods(
        frame,
        "systems",
        _("Revenue by system"),
        _("The same money by the hotspots it was paid for, from the roll-ups"),
        [*series, *total, *_before(before)] if found else [],
        currency,
        COUNTED,
    )


def tokens(cells: Sequence[Cell], before: Sequence[Cell] | None) -> Figure:
    """Show how many tokens were made, sold, used and expired in the whole range."""
    steps = {
        "generated": _("Generated"),
        "sold": _("Sold"),
        "used": _("First used"),
        "expired": _("Expired"),
    }
    counts: list[Number] = [sum(getattr(cell, name) for cell in cells) for name in steps]
    series = [Series(_("Tokens"), counts, adds_up=False)]
    if before is not None:
        past: list[Number] = [sum(getattr(cell, name) for cell in before) for name in steps]
        series += _before(past, adds_up=False)
    return Figure(
        "tokens",
        _("From token to use"),
        _("What happened in this range; a token may have been made before it"),
        "horizontal",
        _("Step"),
        list(steps.values()),
        series,
    )


def devices(
    frame: Frame,
    seen: Sequence[int],
    new: Sequence[int],
    cells: Sequence[Cell],
    before: Sequence[Number],
) -> Figure:
    """Show the devices of each period: those that came for the first time, and the others."""
    returning: list[Number] = [max(0, all_ - first) for all_, first in zip(seen, new, strict=True)]
    return _periods(
        frame,
        "devices",
        _("Devices"),
        _("Each counts once a period, so these do not add up"),
        [
            Series(_("Returning"), frame.known(returning, HEARD), adds_up=False),
            Series(_("New"), frame.known(new, HEARD), adds_up=False),
            Series(_("All"), frame.known(seen, HEARD), "table", adds_up=False),
            *_before(before, adds_up=False),
            Series(
                _("Connections"), frame.known(column(frame, cells, "connections"), HEARD), "table"
            ),
        ],
        COUNT,
        HEARD,
    )


def device_types(frame: Frame, types: Mapping[str, Sequence[int]]) -> Figure:
    """Show the devices of each period by their type."""
    series = ranked({name: frame.known(values, HEARD) for name, values in types.items()})
    return _periods(
        frame,
        "types",
        _("Device types"),
        _("Each device counts once a period"),
        [Series(it.name, it.values, it.role, adds_up=False) for it in series],
        COUNT,
        HEARD,
    )


def volume(frame: Frame, cells: Sequence[Cell], before: Sequence[Number]) -> Figure:
    """Show what went down and up in each period."""
    down = frame.known(column(frame, cells, "down"), HEARD)
    up = frame.known(column(frame, cells, "up"), HEARD)
    return _periods(
        frame,
        "volume",
        _("Data volume"),
        _("Down is to the devices, up is from them"),
        [
            Series(_("Down"), down),
            Series(_("Up"), up),
            Series(_("All"), summed([down, up]), "table"),
            *_before(before),
        ],
        MEGABYTES,
        HEARD,
    )


def column(frame: Frame, cells: Sequence[Cell], measure: str, system: str = "") -> list[Number]:
    """Add up a measure of the cells by the row of their period."""
    zero: Any = NAUGHT if measure in ("revenue", "down", "up", "volume") else 0
    values = [zero] * len(frame.labels)
    for cell in cells:
        if system in ("", cell.system):
            values[cell.place] += getattr(cell, measure)
    return values


def by_hour(frame: Frame, begun: Mapping[tuple[int, int], int]) -> Figure:
    """Show how many connections begin in an hour of each weekday, on average.

    `begun` has the connections by weekday and hour.
    """
    names, observed = weekdays(), frame.observed()
    series = [
        Series(
            names[day],
            [_average(begun.get((day, hour), 0), observed.get((day, hour))) for hour in range(24)],
            adds_up=False,
        )
        for day in range(7)
    ]
    return Figure(
        "hours",
        _("When people connect"),
        _(
            "Connections begun in an hour, on average from %(first)s to %(last)s",
            first=formats.day(frame.grid.first),
            last=formats.day(frame.grid.last),
        ),
        "heat",
        _("Hour"),
        [f"{hour:02d}:00" for hour in range(24)],
        series,
        AVERAGE,
    )


def weekdays() -> list[str]:
    """Return the names of the days, Monday first."""
    names = dates.get_day_names("abbreviated", locale=get_locale())
    return [names[n] for n in range(7)]


def _periods(
    frame: Frame,
    name: str,
    title: str,
    hint: str,
    series: list[Series],
    unit: str,
    kind: str,
) -> Figure:
    """Return a figure with a row for each period of the frame."""
    return Figure(
        name,
        title,
        hint,
        "stacked",
        headings()[frame.grid.unit],
        frame.labels,
        series,
        unit,
        frame.notes(kind),
        frame.unknown(kind),
        frame.running,
        frame.grid.slots,
    )


def _average(begun: int, hours: int | None) -> Number:
    return round(Decimal(begun) / hours, 1) if hours else None


def _before(values: Sequence[Number], *, adds_up: bool = True) -> list[Series]:
    return [Series(_("Before"), values, "before", adds_up)] if values else []
