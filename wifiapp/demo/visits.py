"""How a token is used: connections inside its life, and the volume they carry."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

MEGABYTE = 1_000_000
HOUR = timedelta(hours=1)
SHORT = timedelta(hours=3)
BREAK = timedelta(minutes=14)  # between two visits with a short plan
AWAY = timedelta(hours=10)  # and with a day's pass; longer ones are used less often


@dataclass(frozen=True)
class Life:
    """When a token runs, [first, end), and until when its box was heard of.

    `lively` is the chance that the owner of a running pass is there right now.
    """

    first: datetime
    end: datetime
    heard: datetime
    now: datetime
    lively: float


@dataclass
class Visit:
    """One connection; `ended_at` None while it lasts. Volumes are bytes."""

    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    bytes_down: int = 0
    bytes_up: int = 0


@dataclass
class Allowance:
    """What is left of a token's volumes, in bytes; None is without limit."""

    down: int | None
    up: int | None
    used_down: int = 0
    used_up: int = 0

    def take(self, down: int, up: int) -> tuple[int, int]:
        """Use up to these volumes and return what was granted."""
        down = down if self.down is None else min(down, self.down - self.used_down)
        up = up if self.up is None else min(up, self.up - self.used_up)
        self.used_down += down
        self.used_up += up
        return down, up


def megabytes(limit: int | None) -> int | None:
    return None if limit is None else limit * MEGABYTE


def visits(rng: Random, life: Life, start: datetime, allowance: Allowance) -> list[Visit]:
    """Return the connections from `start` on during a token's life, the last one maybe open."""
    found: list[Visit] = []
    length = life.end - life.first
    while start < min(life.end, life.heard):
        found.append(visit := _visit(rng, life, start, is_short=length <= SHORT))
        if visit.ended_at is None:
            break
        pause = BREAK if length <= SHORT else max(AWAY, length / 9)
        start = visit.ended_at + whole_seconds(pause * rng.uniform(0.2, 1.8))
    if found and found[-1].ended_at and life.end > life.now and rng.random() < life.lively:
        # The newest passes are at hand more often than chance would have it, day and night.
        start = life.heard - timedelta(seconds=rng.randrange(60, 5400))
        if start > found[-1].ended_at:
            found.append(Visit(start, None, None))
    rate = rng.lognormvariate(9.6, 0.9)  # bytes a second: 15 kB in the middle
    for visit in found:
        down = int(((visit.ended_at or life.heard) - visit.started_at).total_seconds() * rate)
        visit.bytes_down, visit.bytes_up = allowance.take(down, int(down * rng.uniform(0.05, 0.2)))
    return found


def growth(found: Iterable[Visit], heard: datetime) -> dict[datetime, tuple[int, int]]:
    """Return by how many bytes, down and up, volumes grew, by quarters of an hour.

    Each visit moves its bytes evenly, nothing is lost to rounding, and what it moves until the
    next full hour counts at once: the story needs no more.
    """
    moved: dict[datetime, tuple[int, int]] = {}
    for visit in found:
        start, end = visit.started_at, visit.ended_at or heard
        done, sums = start, (0, 0)
        while done < end:
            quarter = done.replace(minute=done.minute // 15 * 15, second=0, microsecond=0)
            done = min(done.replace(minute=0, second=0, microsecond=0) + HOUR, end)
            part = (done - start) / (end - start)
            so_far = int(visit.bytes_down * part), int(visit.bytes_up * part)
            before = moved.get(quarter, (0, 0))
            moved[quarter] = (
                before[0] + so_far[0] - sums[0],
                before[1] + so_far[1] - sums[1],
            )
            sums = so_far
    return {quarter: volumes for quarter, volumes in moved.items() if any(volumes)}


def _visit(rng: Random, life: Life, start: datetime, *, is_short: bool) -> Visit:
    """Return a connection that begins at `start`, before the box was last heard of."""
    if is_short:
        length = (life.end - life.first) * rng.uniform(0.35, 1.15)
    else:
        length = timedelta(minutes=25 + min(rng.expovariate(1 / 95), 420))
    stop = start + whole_seconds(length)
    if stop >= life.end and life.end <= life.heard:
        return Visit(start, life.end, "EXPIRED")
    if stop > life.heard and life.end > life.now:
        return Visit(start, None, None)  # nobody heard it leave: still there
    if stop > life.heard:
        return Visit(start, life.heard, "TIMED_OUT")
    draw = rng.random()
    reason = "HOTSPOT_RESTARTED" if draw < 0.02 else "TIMED_OUT" if draw < 0.3 else "LEFT"  # noqa: PLR2004
    return Visit(start, stop, reason)


def whole_seconds(span: timedelta) -> timedelta:
    return timedelta(seconds=int(span.total_seconds()))
