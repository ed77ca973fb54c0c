"""Rolling up: what marks name, what was never rolled up, and what goes on by itself.

All of it is one transaction. What it deletes of the marks it has counted afterwards, so whatever
commits in between is counted, too, and counted again when its own mark is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from threading import Event
from typing import Any

from sqlalchemy import delete, text, update

from wifiapp import clock
from wifiapp.access import WORKER
from wifiapp.analytics.extent import FIRST, LAST, find_extent
from wifiapp.analytics.locks import TAKE, TRY
from wifiapp.analytics.models import RollupState, WifiUsageAnalytics
from wifiapp.analytics.periods import MOMENT, Span, plain
from wifiapp.analytics.rolling import roll_up_spans
from wifiapp.analytics.scopes import EVERYTHING, Scope, list_scopes
from wifiapp.audit.record import record
from wifiapp.db import db

DAY = timedelta(days=1)
STEADY = timedelta(minutes=15)


@dataclass(frozen=True)
class Outcome:
    """What a roll-up did: rows written or deleted, and the moment it is true of."""

    rows: int
    up_to: datetime


@dataclass(frozen=True)
class Days:
    """The days of UTC from `first` to `last`; None is without an end."""

    first: date | None = None
    last: date | None = None

    def span(self, extent: Span) -> Span:
        """Return the span of the days; without ends, of all in which anything happened."""
        start = _midnight(self.first) if self.first else extent[0]
        end = _midnight(self.last) + DAY if self.last else extent[1]
        return max(start, FIRST), min(max(end, start + MOMENT), LAST)


def roll_up_due(_stop: Event) -> Mapping[str, Any] | None:
    """Roll up what is waiting, unless somebody is at it; tell how many rows changed."""
    outcome = roll_up(clock.now(), waits=False)
    return {"rows": outcome.rows} if outcome and outcome.rows else None


def roll_up(now: datetime, again: Days | None = None, *, waits: bool = True) -> Outcome | None:
    """Roll up what is waiting, and `again` whatever happened in those days.

    Whoever rolls up again gets the same rows: an open session lasts as long as it did in the last
    roll-up, if that was a moment ago. Returns None when somebody else is at it and `waits` is not
    set.
    """
    if waits:
        db.session.execute(TAKE)
    elif not db.session.scalar(TRY):
        db.session.rollback()
        return None
    scopes = _settled(list_scopes())
    if again:
        now = _steady(scopes, now)
    extent = find_extent(now)
    span = again.span(extent) if again else None
    before = min((scope.rolled_up_to for scope in scopes if scope.rolled_up_to), default=now)
    marked, growing = _take_marks(extent, before), _growing()
    wanted = {scope: _waiting(scope, extent, marked, growing, span, now) for scope in scopes}
    rows = roll_up_spans(wanted, now)
    _stamp(scopes, now)
    db.session.commit()
    return Outcome(rows, now)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _waiting(
    scope: Scope,
    extent: Span,
    marked: Mapping[str, Sequence[Span]],
    growing: frozenset[str],
    again: Span | None,
    now: datetime,
) -> list[Span]:
    """Return the spans of the scope that have to be rolled up."""
    if scope.rolled_up_to is None:
        return [extent]
    members = set(scope.members)
    if scope.id == EVERYTHING:  # what a business left that is gone by now may have been real
        members |= {business for business in marked if business not in scope.others}
    spans = [span for business in members for span in marked.get(business, ())]
    if not growing.isdisjoint(members):
        before, after = sorted((scope.rolled_up_to, now))
        spans.append((before, after + MOMENT))
    return [*spans, again] if again else spans


def _settled(scopes: Sequence[Scope]) -> list[Scope]:
    """Have anew what was rolled up by another clock, or with a demo shop among the real ones."""
    found = [
        _recut(scope) if scope.rolled_up_to and not scope.is_current else scope for scope in scopes
    ]
    if any(scope.is_demo != scope.was_demo for scope in scopes if scope.state_id):
        found[0] = replace(found[0], rolled_up_to=None)
    return found


def _recut(scope: Scope) -> Scope:
    """Forget the periods by the old clock, but for those whose raw sessions were dropped."""
    business_id = scope.id or None
    record(
        WORKER,
        "analytics.zone",
        "business",
        business_id,
        business_id=business_id,
        change={"timezone": [scope.rolled_up_by, scope.zone]},
    )
    rows = delete(WifiUsageAnalytics).where(
        WifiUsageAnalytics.business_id.is_not_distinct_from(business_id)
    )
    if scope.sessions_from:
        rows = rows.where(WifiUsageAnalytics.period_start >= scope.sessions_from)
    db.session.execute(rows)
    return replace(scope, rolled_up_to=None, periods_from=scope.sessions_from)


def _steady(scopes: Sequence[Scope], now: datetime) -> datetime:
    """Return the moment of the last roll-up, if it was a moment ago, else `now`."""
    last = max((scope.rolled_up_to for scope in scopes if scope.rolled_up_to), default=now)
    return last if timedelta() <= now - last < STEADY else now


MARKED = text(
    """
    WITH taken AS (
        DELETE FROM rollup_marks
        RETURNING "businessId" AS business, "startsAt" AS since, "endsAt" AS until,
                  "macAddress" AS mac
    ),
    found AS (
        SELECT business, coalesce(since, :first) AS since, until
        FROM taken WHERE mac IS NULL AND until IS NOT NULL
        UNION ALL  -- what is or was open had been counted until the last roll-up
        SELECT business, CASE WHEN since IS NULL THEN :first ELSE least(since, :before) END, :last
        FROM taken WHERE mac IS NULL AND until IS NULL
        UNION ALL
        SELECT business, s."startedAt", coalesce(s."endedAt", :last)
        FROM (SELECT DISTINCT business, mac FROM taken WHERE mac IS NOT NULL) AS m
        JOIN wifi_token_devices d ON d."macAddress" = m.mac
        JOIN wifi_tokens t ON t.id = d."wifiTokenId" AND t."businessId" = m.business
        JOIN device_sessions s ON s."wifiTokenDeviceId" = d.id
    ),
    spans AS (
        SELECT business, unnest(range_agg(tsrange(greatest(since, :first),
            least(greatest(until, since) + interval '1 microsecond', :last)))) AS span
        FROM found WHERE since < :last AND until >= :first GROUP BY business
    )
    SELECT business, lower(span), upper(span) FROM spans
    """
)


def _take_marks(extent: Span, before: datetime) -> dict[str, list[Span]]:
    """Delete the marks and return the spans they mean by business, those that touch joined."""
    found: dict[str, list[Span]] = {}
    first, last = extent
    values = {"first": plain(first), "last": plain(last), "before": plain(before)}
    for business, start, end in db.session.execute(MARKED, values):
        span = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        found.setdefault(business, []).append(span)
    return found


GROWING = text(
    """
    SELECT DISTINCT t."businessId"
    FROM device_sessions s JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
    JOIN wifi_tokens t ON t.id = d."wifiTokenId"
    WHERE s."endedAt" IS NULL
    """
)


def _growing() -> frozenset[str]:
    """Return the businesses with open sessions, which go on without a row that changes."""
    return frozenset(db.session.scalars(GROWING))


def _stamp(scopes: Sequence[Scope], now: datetime) -> None:
    """Write down what the roll-ups are true of by now."""
    db.session.execute(update(RollupState).values(rolled_up_to=now))
    for scope in scopes:
        values = {
            "zone": scope.zone,
            "is_demo": scope.is_demo,
            "periods_from": scope.periods_from,
        }
        if scope.state_id is None:
            state = RollupState(business_id=scope.id or None, rolled_up_to=now, **values)
            db.session.add(state)
        elif scope.rolled_up_to is None or scope.is_demo != scope.was_demo:
            mine = update(RollupState).where(RollupState.id == scope.state_id)
            db.session.execute(mine.values(**values))
