"""Rolling up spans of time, inside the transaction of whoever asks."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from wifiapp.analytics.periods import Bounds, Span, aligned, bounds, clipped, plain
from wifiapp.analytics.scopes import Scope
from wifiapp.analytics.statements import ROLL_UP_HOURS, ROLL_UP_THE_REST
from wifiapp.db import db

REST = ("day", "week", "month")

# A long span is read as a whole, which the planner cannot know: the spans are parameters. From
# then on until the transaction's end.
WIDE = timedelta(days=62)
READ_AS_A_WHOLE = text(
    "SELECT set_config('enable_nestloop', 'off', true), set_config('work_mem', '64MB', true)"
)


def roll_up_spans(wanted: Mapping[Scope, Sequence[Span]], now: datetime) -> int:
    """Roll up the periods that these spans meet; return how many rows were written or deleted.

    It takes a year at a time, so that memory is bounded; all scopes of a zone go together.
    """
    changed = 0
    for zone in sorted({scope.zone for scope in wanted}):
        here = {scope: spans for scope, spans in wanted.items() if scope.zone == zone and spans}
        for start, end in _years(here):
            parts = {scope: clipped(spans, start, end) for scope, spans in here.items()}
            found = {scope: spans for scope, spans in parts.items() if spans}
            if found:
                changed += _run(ROLL_UP_HOURS, ("hour",), zone, found, now)
                changed += _run(ROLL_UP_THE_REST, REST, zone, found, now)
    return changed


def _years(wanted: Mapping[Scope, Sequence[Span]]) -> Iterator[Span]:
    spans = [span for several in wanted.values() for span in several]
    if spans:
        first, last = min(start for start, _ in spans), max(end for _, end in spans)
        for year in range(first.year, last.year + 1):
            yield datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def _run(
    statement: str,
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
        "bounds": [_as_array(within) for within in by_kind.values()],
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
    }
    if last - first > WIDE:
        db.session.execute(READ_AS_A_WHOLE)
    return int(db.session.scalar(text(statement), values) or 0)


def _from(first: datetime | None, spans: Sequence[Span], within: Bounds) -> list[Span]:
    """Leave out the periods that began before `first`."""
    if first is None:
        return [*spans]
    return clipped(spans, within[min(bisect_left(within, first), len(within) - 1)], within[-1])


def _as_array(within: Bounds) -> str:
    return "{" + ",".join(f"{moment:%Y-%m-%d %H:%M:%S}" for moment in within) + "}"
