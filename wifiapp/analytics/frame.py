"""What surrounds the numbers of a page: the names of its periods, and what nobody knows of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import dates
from flask_babel import get_locale
from flask_babel import gettext as _

from wifiapp import formats
from wifiapp.analytics.figures import Number
from wifiapp.analytics.grid import Grid, Slot
from wifiapp.analytics.outages_queries import Silences
from wifiapp.analytics.periods import HOUR
from wifiapp.analytics.silences import Span

MINUTE = timedelta(minutes=1)

# What a number is made of, and so what can be unknown of it: sales are known at once, roll-ups
# follow them, and what hotspots tell is missing while they are silent.
SOLD, COUNTED, HEARD = "sold", "counted", "heard"


@dataclass(frozen=True)
class Frame:
    """The periods and what is known of them.

    `first_data` is the beginning of the first roll-up, None when there is none; what begins at
    `rolled_up_to` or later is not counted yet (None: nothing is).
    """

    grid: Grid
    now: datetime
    first_data: datetime | None
    silences: Silences
    rolled_up_to: datetime | None

    @cached_property
    def labels(self) -> list[str]:
        """Name the periods, each once."""
        return [_label(self.grid, slot) for slot in self.grid.slots]

    @cached_property
    def running(self) -> int | None:
        """Return the row of the period that is not over."""
        rows = (n for n, slot in enumerate(self.grid.slots) if slot.is_running(self.now))
        return next(rows, None)

    @cached_property
    def full(self) -> list[int]:
        """Return the rows of the periods that are over."""
        return [n for n, slot in enumerate(self.grid.slots) if slot.end <= self.now]

    @cached_property
    def silent(self) -> list[timedelta]:
        """Return for how long something is missing in each period, as far as it is over."""
        return [self._length(self.silences.partly, slot) for slot in self.grid.slots]

    def unknown(self, kind: str) -> list[int]:
        """Return the rows of which nothing is known."""
        return [n for n in range(len(self.grid.slots)) if self._lacks(n, kind)]

    def known(self, values: Sequence[Number], kind: str) -> list[Number]:
        """Take out of the values what nobody knows."""
        unknown = set(self.unknown(kind))
        return [None if n in unknown else value for n, value in enumerate(values)]

    def notes(self, kind: str) -> list[str]:
        """Say of each row what its numbers lack."""
        return [", ".join(self._note(n, kind)) for n in range(len(self.grid.slots))]

    @property
    def counted_until(self) -> datetime:
        """Return the moment before which every hour is over and rolled up."""
        until = min(self.now, self.rolled_up_to or self.grid.start, self.grid.end)
        return until.replace(minute=0, second=0, microsecond=0)

    def observed(self) -> Counter[tuple[int, int]]:
        """Count the hours of each weekday and hour that were not silent from end to end."""
        found: Counter[tuple[int, int]] = Counter()
        zone = ZoneInfo(next(iter(self.grid.starts)))
        hour = max(self.grid.start, self.first_data or self.counted_until)
        while hour < self.counted_until:
            if self._length(self.silences.wholly, Slot(hour, hour + HOUR, hour)) < HOUR:
                local = hour.astimezone(zone)
                found[local.weekday(), local.hour] += 1
            hour += HOUR
        return found

    def _note(self, n: int, kind: str) -> list[str]:
        lacks = self._lacks(n, kind)
        if lacks:
            return [lacks]
        said = [_("so far")] if n == self.running else []
        if kind == HEARD and self.silent[n] >= MINUTE:
            said.append(_("%(time)s without data", time=formats.timespan(self.silent[n])))
        return said

    def _lacks(self, n: int, kind: str) -> str:
        """Say why nothing is known of a row, "" when something is."""
        slot, reached = self.grid.slots[n], self.rolled_up_to
        if self.first_data is None or slot.end <= self.first_data:
            return str(_("before the first data"))
        if kind != SOLD and (reached is None or slot.start >= reached):
            return str(_("not rolled up yet"))
        silent = self._length(self.silences.wholly, slot)
        if kind == HEARD and silent and silent >= min(slot.end, self.now) - slot.start:
            return str(_("no data: hotspots silent"))
        return ""

    def _length(self, spans: Sequence[Span], slot: Slot) -> timedelta:
        until = min(slot.end, self.now)
        inside = (min(until, end) - max(slot.start, start) for start, end in spans)
        return sum((max(timedelta(), length) for length in inside), timedelta())


def _label(grid: Grid, slot: Slot) -> str:
    local, locale = slot.local, get_locale()
    years = grid.first.year != grid.last.year
    if grid.unit == "hour":
        pattern = "HH:mm" if grid.first == grid.last else "EEE d, HH:mm"
        text = dates.format_datetime(local, pattern, locale=locale)
        return _("%(hour)s again", hour=text) if local.fold else text
    if grid.unit == "month":
        return dates.format_date(local, "MMM y", locale)
    if grid.unit == "day":
        return dates.format_date(local, "EEE d MMM y" if years else "EEE d MMM", locale)
    last = local + timedelta(days=6)
    first = dates.format_date(local, "d" if local.month == last.month else "d MMM", locale)
    return f"{first} \N{EN DASH} {dates.format_date(last, 'd MMM y' if years else 'd MMM', locale)}"
