"""The hours of a chart of devices online: a number, or the word that nobody knows it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

HOUR = timedelta(hours=1)
PERIODS = {"day": 24, "week": 7 * 24}  # hours that are shown


@dataclass(frozen=True)
class Hour:
    """An hour of UTC; `devices` is None when none of the `hotspots` was heard in all of it."""

    start: datetime
    devices: int | None
    hotspots: int
    silent: int


def first_hour(period: str, now: datetime) -> datetime:
    """Return the beginning of the first hour that is shown; the last one is going on."""
    return now.replace(minute=0, second=0, microsecond=0) - (PERIODS[period] - 1) * HOUR


def hours(
    counts: Mapping[datetime, int],
    asked: Iterable[Any],
    outages: Iterable[Any],
    since: datetime,
    now: datetime,
) -> list[Hour]:
    """Return every hour from `since` to `now`; `asked` are the hotspots, `outages` theirs."""
    spans = defaultdict(list)
    for each in outages:
        spans[each.hotspot_id].append((each.started_at, each.ended_at or now))
    boxes = list(asked)
    found, start = [], since
    while start < now:
        end = min(start + HOUR, now)
        there = [each.id for each in boxes if each.created_at < end]
        silent = sum(_covers(spans[each], start, end) for each in there)
        known = bool(there) and silent < len(there)
        found.append(Hour(start, counts.get(start, 0) if known else None, len(there), silent))
        start += HOUR
    return found


def _covers(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> bool:
    """Tell whether outages that may follow each other fill the time from start to end."""
    reached = start
    for begun, over in sorted(spans):
        if begun <= reached:
            reached = max(reached, over)
    return reached >= end
