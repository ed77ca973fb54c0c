"""What waits to be rolled up, by scope and kind of period."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text

from wifiapp.analytics.check_statements import WAITING
from wifiapp.analytics.models import LONGER
from wifiapp.analytics.periods import Bounds, Span, aligned, clipped
from wifiapp.analytics.scopes import EVERYTHING, Scope
from wifiapp.db import db


@dataclass(frozen=True)
class Waiting:
    """The spans that wait: `short` in all kinds of periods, `longer` in weeks and months too."""

    short: dict[str, list[Span]]
    longer: dict[str, list[Span]]

    def spans(self, scope: str, kind: str) -> list[Span]:
        """Return the spans of a scope that wait in periods of this kind."""
        return self.short[scope] + (self.longer[scope] if kind in LONGER else [])

    def meets(self, scope: str, kind: str, start: datetime, end: datetime) -> bool:
        """Tell whether anything in [start, end) waits."""
        return bool(clipped(self.spans(scope, kind), start, end))

    def count(self, scope: str, kind: str, within: Bounds) -> int:
        """Return how many of the periods wait."""
        spans = clipped(self.spans(scope, kind), within[0], within[-1])
        return sum(
            bisect_left(within, end) - bisect_left(within, start)
            for start, end in aligned(spans, within)
        )


def find_waiting(scopes: Sequence[Scope]) -> Waiting:
    """Read the marks; what is open reaches to the ends of all time."""
    found: dict[bool, dict[str, list[Span]]] = {
        is_in_days: {scope.id: [] for scope in scopes} for is_in_days in (False, True)
    }
    for business, is_in_days, start, end in db.session.execute(text(WAITING)):
        span = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        for scope in scopes:
            may_have_been = scope.id == EVERYTHING and business not in scope.others
            if business in scope.members or may_have_been:
                found[is_in_days][scope.id].append(span)
    return Waiting(found[False], found[True])
