"""What a day's closing covers and what it comes to.

A closing covers everything since the closing before it, up to now or to the end of its day,
whichever is earlier. So a sale or void after a day was closed belongs to the next closing,
of the same day or of a later one, and every line belongs to exactly one. The first closing of
a business begins with its day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from wifiapp.errors import WifiError
from wifiapp.sales.methods import NOTHING
from wifiapp.sales.models import DayClosing
from wifiapp.sales.periods import CUSTOM, Period, Span


class NothingToClose(WifiError):
    """The day cannot be closed; the message says why."""


class MethodSum(NamedTuple):
    """What came in by one method: sales less voids, and the fees on top."""

    method: str
    is_cash: bool
    quantity: int
    voids: int
    amount: Decimal
    fees: Decimal

    @property
    def total(self) -> Decimal:
        return self.amount + self.fees


@dataclass(frozen=True)
class Draft:
    """A closing as it would be made now; `number` counts the closings of the day."""

    day: date
    number: int
    starts_at: datetime
    ends_at: datetime
    sums: tuple[MethodSum, ...]

    @property
    def expected_cash(self) -> Decimal:
        """Return the cash that must be there, beside what was in the till before."""
        return sum((each.total for each in self.sums if each.is_cash), NOTHING)


class Agreement(NamedTuple):
    """How a closing's amount agrees with what the Sales page says of its day.

    closing = day + carried - before - after
    """

    day: Decimal  # the Sales page
    carried: Decimal  # of earlier days, made after the closing before
    before: Decimal  # of the day, in an earlier closing
    after: Decimal  # of the day, made after this closing
    closing: Decimal


def whole_day(day: date, zone: str, now: datetime) -> Span:
    """Return the moments of a business day, as the Sales page shows it."""
    return Period(CUSTOM, day, day).span(zone, now)


def covered(
    day: date, zone: str, last: DayClosing | None, now: datetime
) -> tuple[datetime, datetime]:
    """Return from when until before when a closing made now covers; raises `NothingToClose`."""
    whole = whole_day(day, zone, now)
    if whole.start > now:
        raise NothingToClose("This day has not begun yet. Nothing was closed.")
    if last and day < last.day:
        raise NothingToClose(
            f"A later day, {last.day}, is closed already, and this day with it. Nothing was closed."
        )
    start, end = last.ends_at if last else whole.start, min(now, whole.end)
    if start >= end:
        raise NothingToClose("This day is closed to its end. Nothing was closed.")
    return start, end


def number_of(day: date, last: DayClosing | None) -> int:
    """Return the number of the next closing of the day."""
    return last.number + 1 if last and last.day == day else 1


def total(sums: Iterable[MethodSum], method: str = "") -> MethodSum:
    """Add up the sums of all methods."""
    quantity, voids, amount, fees = 0, 0, NOTHING, NOTHING
    for each in sums:
        quantity, voids = quantity + each.quantity, voids + each.voids
        amount, fees = amount + each.amount, fees + each.fees
    return MethodSum(method, False, quantity, voids, amount, fees)
