"""When the demo sells: more at week-ends and in the evening, more from month to month."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

DAYS = 183
WEEKDAYS = (0.8, 0.8, 0.85, 0.95, 1.3, 1.55, 1.0)  # Monday first
HOURS = (2, 1, 1, 1, 1, 2, 5, 10, 16, 22, 28, 32, 38, 36, 32, 32, 38, 48, 62, 70, 62, 44, 22, 8)
AT_LEAST_TODAY = 3


def moments(rng: Random, zone: ZoneInfo, a_day: int, now: datetime) -> Iterator[datetime]:
    """Yield the moments of sale of the last six months up to `now`, oldest first, in UTC."""
    local = now.astimezone(zone)
    for back in range(DAYS, 0, -1):
        day = local.date() - timedelta(days=back)
        yield from sorted(_on_day(rng, zone, day, _expected(rng, a_day, day, back), HOURS))
    # Of today only what has passed, with something to see however early it is.
    hours = HOURS[: local.hour + 1]
    passed = sum(hours[:-1]) + hours[-1] * local.minute / 60
    expected = _expected(rng, a_day, local.date(), 0) * passed / sum(HOURS)
    today = _on_day(rng, zone, local.date(), max(expected, AT_LEAST_TODAY), hours)
    midnight = datetime.combine(local.date(), time(), zone).astimezone(UTC)
    yield from sorted(_squeezed(at, midnight, now) for at in today)


def _expected(rng: Random, a_day: int, day: date, back: int) -> float:
    growth = 0.7 + 0.6 * (1 - back / DAYS)
    return a_day * growth * WEEKDAYS[day.weekday()] * rng.uniform(0.8, 1.2)


def _on_day(
    rng: Random, zone: ZoneInfo, day: date, expected: float, hours: tuple[int, ...]
) -> list[datetime]:
    drawn = rng.choices(range(len(hours)), hours, k=round(expected))
    times = [time(hour, rng.randrange(60), rng.randrange(60)) for hour in drawn]
    return [datetime.combine(day, at, zone).astimezone(UTC) for at in times]


def _squeezed(at: datetime, midnight: datetime, now: datetime) -> datetime:
    """Move what lies in the rest of the current hour back between midnight and now."""
    return at if at < now else midnight + (now - midnight) * ((at.minute * 60 + at.second) / 3600)
