"""Proving the roll-ups: everything counted again another way, and each number that differs.

A check takes a share of the lock of rolling up, so that what it compares holds still; what was
changed meanwhile, or was never rolled up, is said to be waiting and is no mismatch. It goes a month
at a time, so that sums fit in memory and it can be said how far it is.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from wifiapp.access import Viewer
from wifiapp.analytics import check_statements as statements
from wifiapp.analytics.extent import find_extent
from wifiapp.analytics.locks import SHARE
from wifiapp.analytics.models import LONGER, PERIOD_TYPES, SHORT, RollupMark, WifiUsageAnalytics
from wifiapp.analytics.periods import MOMENT, Bounds, Span, as_array, bounds, plain
from wifiapp.analytics.scopes import EVERYTHING, Scope, list_scopes
from wifiapp.analytics.waiting_queries import Waiting, find_waiting
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.hotspots.queries import SILENT_AFTER
from wifiapp.sales.periods import DAY, beginning
from wifiapp.sales.periods import Span as Days
from wifiapp.sales.queries import Wanted, sum_cells

MOST = 200  # mismatches that are named
EVERYBODY = Viewer("", "ADMIN", None)
AGAINST = {
    "raw": statements.RAW,
    "calendar": statements.STRAY,
    "hours": statements.PARTS,
}


class Mismatch(NamedTuple):
    """A number that is not what it should be, of a period [start, end).

    `scope` is a business's id, "" for all of them; `says` is the roll-up, `counted` what it should
    be by the raw rows, the hours, the sales page or the calendar, named in `against`.
    """

    kind: str
    start: datetime
    end: datetime
    scope: str
    system: str
    measure: str
    against: str
    says: Any
    counted: Any


class Step(NamedTuple):
    """What is compared at once: the bounds of each kind's periods, and the scopes of a zone."""

    within: Mapping[str, Bounds]
    scopes: Sequence[Scope]
    against: str


@dataclass(frozen=True)
class Verdict:
    """What a check of some days found: at most MOST mismatches, and whether there are more.

    `periods` were compared; `left_out` were not, since `waiting` changes, or whole businesses, are
    not rolled up yet. Hours and days are rolled up to `rolled_up_to`, weeks and months to
    `longer_to`; both are None when nothing ever was.
    """

    first: date
    last: date
    periods: int
    left_out: int
    mismatches: Sequence[Mismatch]
    has_more: bool
    waiting: int
    rolled_up_to: datetime | None
    longer_to: datetime | None


Tell = Callable[[int, int], None]  # how many steps are done, of how many


def check(
    first: date | None, last: date | None, now: datetime, tell: Tell = lambda _done, _of: None
) -> Verdict:
    """Compare the roll-ups of the days from `first` to `last` with the raw rows.

    The days are those of each scope's own zone; None means as far as there is anything. Weeks and
    months are checked when they reach into the days.
    """
    db.session.execute(SHARE)
    db.session.execute(statements.READ)
    extent = find_extent(now)
    first, last = first or extent[0].date() - DAY, last or extent[1].date() + DAY
    scopes = list_scopes()
    ready = [scope for scope in scopes if scope.is_current and scope.members]
    waiting = find_waiting(scopes)
    steps = list(_steps(ready, (first, last)))
    found: list[list[Mismatch]] = []
    for done, step in enumerate(steps):
        tell(done, len(steps))
        found.append(_compare(step, waiting))
    sales = [it for scope in ready for it in _compare_with_sales(scope, first, last, waiting)]
    late = find_waiting(scopes)  # and what was changed while it was counted
    while hiding := [n for n, named in enumerate(found) if _hides_others(named, late)]:
        for n in hiding:
            found[n] = _compare(steps[n], late)
        late = find_waiting(scopes)
    kept = _without([it for named in (*found, sales) for it in named], late)
    of, left_out = _count(scopes, (first, last), late)
    return Verdict(
        first,
        last,
        of - left_out,
        left_out,
        kept[:MOST],
        len(kept) > MOST,
        _count_marks() + sum(not scope.is_current for scope in scopes),
        min((scope.rolled_up_to for scope in scopes if scope.rolled_up_to), default=None),
        min((scope.longer_to for scope in scopes if scope.longer_to), default=None),
    )


def _steps(scopes: Sequence[Scope], days: tuple[date, date]) -> Iterator[Step]:
    for zone in sorted({scope.zone for scope in scopes}):
        group = [scope for scope in scopes if scope.zone == zone]
        by_kind = {kind: bounds(kind, zone, *_span(days, zone)) for kind in PERIOD_TYPES}
        whole = (min(it[0] for it in by_kind.values()), max(it[-1] for it in by_kind.values()))
        for first, last in pairwise([whole[0], *by_kind["month"][1:-1], whole[1]]):
            within = {kind: _begun_in(first, last, each) for kind, each in by_kind.items()}
            yield from (Step(within, group, against) for against in AGAINST)


def _begun_in(first: datetime, last: datetime, within: Bounds) -> Bounds:
    """Return the bounds of the periods that begin in [first, last)."""
    *beginnings, _end = within
    return within[bisect_left(beginnings, first) : bisect_left(beginnings, last) + 1]


def _without(named: Sequence[Mismatch], late: Waiting) -> list[Mismatch]:
    return [it for it in named if not late.meets(it.scope, it.kind, it.start, it.end)]


def _hides_others(named: Sequence[Mismatch], late: Waiting) -> bool:
    """Tell whether some of what a step was cut to are none: then others may be behind them."""
    return len(named) > MOST and len(_without(named, late)) < len(named)


def _count(scopes: Sequence[Scope], days: tuple[date, date], waiting: Waiting) -> tuple[int, int]:
    """Return the periods of the days, and how many of them wait to be rolled up."""
    of, waits = 0, 0
    for zone in {scope.zone for scope in scopes}:
        for kind in PERIOD_TYPES:
            within = bounds(kind, zone, *_span(days, zone))
            for scope in scopes:
                if scope.zone == zone and scope.members:
                    of += len(within) - 1
                    is_ready = scope.is_current
                    waits += waiting.count(scope.id, kind, within) if is_ready else len(within) - 1
    return of, waits


def _count_marks() -> int:
    return db.session.scalar(select(func.count()).select_from(RollupMark)) or 0


def list_names() -> dict[str, str]:
    """Return the names of the businesses by id, and of all of them together."""
    found = {row[0]: row[1] for row in db.session.execute(select(Business.id, Business.name))}
    return found | {EVERYTHING: "all businesses"}


def _compare(step: Step, waiting: Waiting) -> list[Mismatch]:
    """Return what differs in the periods of a step; with more than MOST there are others."""
    found = []
    for kind, scope, system, start, end, measure, *pair, says, counted in db.session.execute(
        text(AGAINST[step.against]), _bound(step, waiting)
    ):
        named, told = step.against, pair
        if measure == "deviceTypeStats":
            named, told = "types", [says, counted]
        span = _aware(start), _aware(end)
        found.append(Mismatch(kind, *span, scope, system, measure, named, *told))
    return found


def _bound(step: Step, waiting: Waiting) -> dict[str, Any]:
    """Return what is bound to the statements of a step."""
    scopes = step.scopes
    by_kind = {kind: within for kind, within in step.within.items() if within[1:]}
    spans = [
        (scope.id, kind, *span)
        for scope in scopes
        for kind in by_kind
        for span in waiting.spans(scope.id, kind)
    ]
    members = [(scope.id, business) for scope in scopes for business in sorted(scope.members)]
    moments = dict.fromkeys(SHORT, scopes[0].rolled_up_to)
    moments |= dict.fromkeys(LONGER, scopes[0].longer_to)
    return {
        "kinds": [*by_kind],
        "bounds": [as_array(within) for within in by_kind.values()],
        "moments": [plain(moments[kind]) for kind in by_kind],
        "low": plain(min(within[0] for within in by_kind.values())),
        "high": plain(max(within[-1] for within in by_kind.values())),
        "silent_after": SILENT_AFTER,
        "scopes": [scope for scope, _ in members],
        "businesses": [business for _, business in members],
        "names": [scope.id for scope in scopes],
        "periods_from": [plain(scope.periods_from) for scope in scopes],
        "sessions_from": [plain(scope.sessions_from) for scope in scopes],
        "waiting": [scope for scope, *_ in spans],
        "waiting_kinds": [kind for _, kind, *_ in spans],
        "waiting_since": [plain(since) for *_, since, _ in spans],
        "waiting_until": [plain(until) for *_, until in spans],
        "most": MOST + 1,
    }


def _compare_with_sales(
    scope: Scope, first: date, last: date, waiting: Waiting
) -> Iterator[Mismatch]:
    """Yield what the sales page says differently of the revenue of a business in all the days."""
    start, end = _span((first, last), scope.zone)
    if scope.id == EVERYTHING or waiting.meets(scope.id, "day", start, end):
        return
    if scope.periods_from and start < scope.periods_from:  # its days are of another zone
        within = bounds("day", scope.zone, scope.periods_from, scope.periods_from + MOMENT)
        start = within[0] if within[0] == scope.periods_from else within[1]
    wanted = Wanted({scope.zone: Days(first, last, start, end)}, business_id=scope.id)
    page: dict[str, Decimal] = {}
    for cell in sum_cells(EVERYBODY, wanted):
        page[cell.system] = page.get(cell.system, Decimal()) + cell.amount
    row = WifiUsageAnalytics
    query = select(row.system, func.sum(row.total_revenue)).group_by(row.system)
    query = query.where(row.business_id == scope.id, row.period_type == "day")
    query = query.where(row.period_start >= start, row.period_start < end)
    rolled: dict[str, Decimal] = {row[0]: row[1] for row in db.session.execute(query)}
    for system in sorted(page.keys() | rolled.keys()):
        says, counted = rolled.get(system, Decimal()), page.get(system, Decimal())
        if says != counted:
            measure = "totalRevenue"
            yield Mismatch("day", start, end, scope.id, system, measure, "sales", says, counted)


def _span(days: tuple[date, date], zone: str) -> Span:
    tz = ZoneInfo(zone)
    return beginning(days[0], tz), beginning(days[1] + DAY, tz)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
