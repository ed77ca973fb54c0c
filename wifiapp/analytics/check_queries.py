"""Proving the roll-ups: everything counted again another way, and each number that differs.

A check takes a share of the lock of rolling up, so that what it compares holds still; what was
changed meanwhile, or was never rolled up, is said to be waiting and is no mismatch.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from wifiapp.access import Viewer
from wifiapp.analytics import check_statements as statements
from wifiapp.analytics.extent import find_extent
from wifiapp.analytics.locks import SHARE
from wifiapp.analytics.models import PERIOD_TYPES, RollupMark, WifiUsageAnalytics
from wifiapp.analytics.periods import Span, bounds, plain
from wifiapp.analytics.scopes import EVERYTHING, Scope, list_scopes
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.sales.periods import DAY, beginning
from wifiapp.sales.periods import Span as Days
from wifiapp.sales.queries import Wanted, sum_cells

MOST = 200  # mismatches that are named
EVERYBODY = Viewer("", "ADMIN", None)
AGAINST = {"raw": statements.RAW, "types": statements.TYPES, "calendar": statements.STRAY}


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


@dataclass(frozen=True)
class Verdict:
    """What a check of some days found: at most MOST mismatches.

    `waiting` changes, or whole businesses, were not rolled up yet; what they touch was left out.
    `rolled_up_to` is None when nothing was ever rolled up.
    """

    first: date
    last: date
    periods: int
    mismatches: Sequence[Mismatch]
    waiting: int
    rolled_up_to: datetime | None


def check(first: date | None, last: date | None, now: datetime) -> Verdict:
    """Compare the roll-ups of the days from `first` to `last` with the raw rows.

    The days are those of each scope's own zone; None means as far as there is anything. Weeks and
    months are checked when they reach into the days.
    """
    db.session.execute(SHARE)
    extent = find_extent(now)
    first, last = first or extent[0].date() - DAY, last or extent[1].date() + DAY
    scopes = list_scopes()
    ready = [scope for scope in scopes if scope.is_current and scope.members]
    waiting = _waiting(scopes)
    found: list[Mismatch] = []
    periods = 0
    for zone in sorted({scope.zone for scope in ready}):
        group = [scope for scope in ready if scope.zone == zone]
        for year in range(first.year, last.year + 1):
            days = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
            for kind in PERIOD_TYPES:
                within = bounds(kind, zone, *_span(days, zone))
                periods += (len(within) - 1) * len(group)
                found += _compare(kind, within, group, waiting)
    found += [it for scope in ready for it in _compare_with_sales(scope, first, last, waiting)]
    late = _waiting(scopes)  # and what was changed while it was counted
    once = {it[:7]: it for it in found}.values()  # a week lies in two years
    named = [it for it in once if not _waits(it.scope, it.start, it.end, late)]
    return Verdict(
        first,
        last,
        periods,
        named[:MOST],
        _count_marks() + sum(not scope.is_current for scope in scopes),
        min((scope.rolled_up_to for scope in scopes if scope.rolled_up_to), default=None),
    )


def _count_marks() -> int:
    return db.session.scalar(select(func.count()).select_from(RollupMark)) or 0


def list_names() -> dict[str, str]:
    """Return the names of the businesses by id, and of all of them together."""
    found = {row[0]: row[1] for row in db.session.execute(select(Business.id, Business.name))}
    return found | {EVERYTHING: "all businesses"}


Waiting = Mapping[str, Sequence[tuple[datetime | None, datetime | None]]]


def _waiting(scopes: Sequence[Scope]) -> Waiting:
    """Return what waits to be rolled up, by scope; None is open."""
    marked: dict[str, list[tuple[datetime | None, datetime | None]]] = {}
    for business, start, end in db.session.execute(text(statements.WAITING)):
        marked.setdefault(business, []).append((start and _aware(start), end and _aware(end)))
    return {
        scope.id: [
            span
            for business, spans in marked.items()
            if business in scope.members
            or (scope.id == EVERYTHING and business not in scope.others)
            for span in spans
        ]
        for scope in scopes
    }


def _waits(scope: str, start: datetime, end: datetime, waiting: Waiting) -> bool:
    return any(
        (since is None or since < end) and (until is None or until > start)
        for since, until in waiting[scope]
    )


def _compare(
    kind: str, within: Sequence[datetime], scopes: Sequence[Scope], waiting: Waiting
) -> Iterator[Mismatch]:
    """Yield what differs in the periods of a kind."""
    spans = [(scope.id, *span) for scope in scopes for span in waiting[scope.id]]
    members = [(scope.id, business) for scope in scopes for business in sorted(scope.members)]
    values = {
        "kind": kind,
        "bounds": [plain(moment) for moment in within],
        "low": plain(within[0]),
        "high": plain(within[-1]),
        "now": plain(scopes[0].rolled_up_to),
        "scopes": [scope for scope, _ in members],
        "businesses": [business for _, business in members],
        "names": [scope.id for scope in scopes],
        "periods_from": [plain(scope.periods_from) for scope in scopes],
        "sessions_from": [plain(scope.sessions_from) for scope in scopes],
        "waiting": [scope for scope, *_ in spans],
        "waiting_since": [plain(since) for _, since, _ in spans],
        "waiting_until": [plain(until) for *_, until in spans],
        "most": MOST,
    }
    asked = AGAINST if kind == "hour" else {**AGAINST, "hours": statements.PARTS}
    for against, statement in asked.items():
        for scope, system, start, end, measure, says, counted in db.session.execute(
            text(statement), values
        ):
            span = _aware(start), _aware(end)
            yield Mismatch(kind, *span, scope, system, measure, against, says, counted)


def _compare_with_sales(
    scope: Scope, first: date, last: date, waiting: Waiting
) -> Iterator[Mismatch]:
    """Yield what the sales page says differently of the revenue of a business in all the days."""
    start, end = _span((first, last), scope.zone)
    if scope.id == EVERYTHING or _waits(scope.id, start, end, waiting):
        return
    if scope.periods_from and start < scope.periods_from:
        return
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
