"""Rolling up spans of time, inside the transaction of whoever asks."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from wifiapp.analytics.periods import Bounds, Span, aligned, as_array, bounds, clipped, plain
from wifiapp.analytics.scopes import Scope
from wifiapp.analytics.statements import ROLL_UP_HOURS, ROLL_UP_THE_REST
from wifiapp.db import db
from wifiapp.hotspots.queries import SILENT_AFTER

HOURS = ("hour",)
APART = timedelta(days=7)  # spans further apart are read by themselves, not what lies between them

# How to read, until the transaction's end: a long span as a whole, a short one by indexes, all of
# which the planner cannot know of spans that are parameters. A short one is read for each kind of
# period by itself, so that for the hours of today nobody looks through the rows of the month.
WIDE = timedelta(days=62)
READ = text(
    "SELECT set_config('enable_nestloop', :nestloop, true), set_config('jit', 'off', true), "
    "set_config('random_page_cost', '1.1', true), set_config('work_mem', '64MB', true)"
)


def roll_up_spans(
    wanted: Mapping[Scope, Sequence[Span]], now: datetime, kinds: Sequence[str]
) -> int:
    """Roll up the periods that these spans meet; return how many rows were written or deleted.

    `kinds` begin with the hours, which the others are made of. It takes a year at a time, so that
    memory is bounded; all scopes of a zone go together.
    """
    changed = 0
    for zone in sorted({scope.zone for scope in wanted}):
        here = {scope: spans for scope, spans in wanted.items() if scope.zone == zone and spans}
        spans = _joined(span for several in here.values() for span in several)
        rest: list[Sequence[str]] = [(kind,) for kind in kinds[1:]]
        if any(end - start > WIDE for start, end in spans):
            rest = [kinds[1:]]
        for group in (HOURS, *rest):
            for start, end in _stretches(group[-1], zone, spans):
                parts = {scope: clipped(several, start, end) for scope, several in here.items()}
                found = {scope: several for scope, several in parts.items() if several}
                changed += _run(group, zone, found, now) if found else 0
    return changed


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Join the spans that are not far apart."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + APART:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _stretches(kind: str, zone: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Yield stretches of at most a year that hold the spans, each week and month in one."""
    if spans and kind in ("week", "month"):
        within = bounds(kind, zone, spans[0][0], spans[-1][1])
        spans = _joined(aligned(spans, within))
    for first, last in spans:
        for year in range(first.year, last.year + 1):
            start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
            yield from clipped([(first, last)], start, end)


def _run(
    kinds: Sequence[str],
    zone: str,
    wanted: Mapping[Scope, Sequence[Span]],
    now: datetime,
) -> int:
    first = min(start for spans in wanted.values() for start, _ in spans)
    last = max(end for spans in wanted.values() for _, end in spans)
    by_kind = {kind: bounds(kind, zone, first, last) for kind in kinds}
    spans = [
        (kind, scope, *span)
        for kind, within in by_kind.items()
        for scope, parts in wanted.items()
        for span in _from(scope.periods_from, aligned(parts, within), within)
    ]
    if not spans:
        return 0
    members = [(scope.id, business) for scope in wanted for business in scope.members]
    values = {
        "kinds": list(by_kind),
        "bounds": [as_array(within) for within in by_kind.values()],
        "span_kinds": [kind for kind, *_ in spans],
        "span_scopes": [scope.id for _, scope, *_ in spans],
        "starts": [plain(start) for *_, start, _ in spans],
        "ends": [plain(end) for *_, end in spans],
        "sessions_from": [plain(scope.sessions_from) for _, scope, *_ in spans],
        "scopes": [scope for scope, _ in members],
        "businesses": [business for _, business in members],
        "low": plain(min(start for *_, start, _ in spans)),
        "high": plain(max(end for *_, end in spans)),
        "now": plain(now),
        "silent_after": SILENT_AFTER,
    }
    db.session.execute(READ, {"nestloop": "off" if last - first > WIDE else "on"})
    statement = ROLL_UP_HOURS if kinds == HOURS else ROLL_UP_THE_REST
    return int(db.session.scalar(text(statement), values) or 0)


def _from(first: datetime | None, spans: Sequence[Span], within: Bounds) -> list[Span]:
    """Leave out the periods that began before `first`."""
    if first is None:
        return [*spans]
    return clipped(spans, within[min(bisect_left(within, first), len(within) - 1)], within[-1])
