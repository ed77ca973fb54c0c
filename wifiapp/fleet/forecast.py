"""When a hotspot will be full and its stock sold out, at the pace of the last days."""

from dataclasses import dataclass

DAYS = 14  # that are looked back on
FAR = 365  # days; what is farther away is no forecast


@dataclass(frozen=True)
class Pace:
    """What was made and sold in `days`."""

    made: int
    sold: int
    days: int


@dataclass(frozen=True)
class Forecast:
    """Whole days until then; None when it does not come, or not within a year."""

    full_in: int | None
    sold_out_in: int | None


def forecast(pace: Pace, free_slots: int | None, unsold: int) -> Forecast:
    """Look ahead; `free_slots` None means that there is room without end.

    A token that was sold gives its slot back when its time is over, so what fills the box is
    what was made beyond what was sold.
    """
    return Forecast(
        full_in=_days(free_slots, pace.made - pace.sold, pace.days),
        sold_out_in=_days(unsold, pace.sold - pace.made, pace.days),
    )


def _days(left: int | None, change: int, days: int) -> int | None:
    if left is None or change <= 0:
        return None
    ahead = left * days // change
    return ahead if ahead <= FAR else None
