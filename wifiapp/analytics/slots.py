"""A grid in SQL: which moments lie in it, and in which of its periods."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, and_, case, cast, func, literal, or_

from wifiapp.analytics.grid import Grid
from wifiapp.businesses.models import Business
from wifiapp.columns import UtcDateTime


def inside(at: Any, grid: Grid, zone: Any = Business.timezone) -> ColumnElement[bool]:
    """Ask for the periods of each zone; the widest span leads to the index."""
    span = widest(at, grid)
    if len(grid.starts) == 1:
        return span
    own = (
        and_(zone == name, at >= moment(starts[0]), at < moment(starts[-1]))
        for name, starts in grid.starts.items()
    )
    return and_(span, or_(*own))


def widest(at: Any, grid: Grid) -> ColumnElement[bool]:
    """Ask for the span from the first period of any zone to the last one."""
    return and_(at >= moment(grid.start), at < moment(grid.end))


def moment(value: datetime) -> ColumnElement[datetime]:
    """Return a moment as the columns of moments hold it."""
    return literal(value, UtcDateTime)


def bucket(at: Any, grid: Grid, zone: Any = Business.timezone) -> ColumnElement[int]:
    """Give the periods of the moment's zone numbers from 1."""
    buckets = {
        name: func.width_bucket(at, literal(starts, ARRAY(UtcDateTime)))
        for name, starts in grid.starts.items()
    }
    if len(buckets) == 1:
        return cast(next(iter(buckets.values())), Integer)
    return case(*((zone == name, number) for name, number in buckets.items()))


def by_place(grid: Grid, rows: Iterable[Any]) -> list[int]:
    """Add up rows of zone, number of the period, and a count, by slot."""
    numbers = [0] * len(grid.slots)
    for zone, period, count in rows:
        numbers[grid.places[zone][period - 1]] += count
    return numbers
