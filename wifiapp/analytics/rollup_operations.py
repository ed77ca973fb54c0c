"""Rolling up: what marks name, what was never rolled up, and what goes on by itself.

All of it is one transaction. What it deletes of the marks it has counted afterwards, so whatever
commits in between is counted, too, and counted again when its own mark is taken.

A month's devices cannot be added up from its days: to count them again takes as long as the month
is full. So each minute only hours and days are rolled up, with a mark left for the weeks and
months; those follow as often as they can be afforded.
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
from wifiapp.analytics.models import PERIOD_TYPES, SHORT, RollupState, WifiUsageAnalytics
from wifiapp.analytics.periods import MOMENT, Span, clipped, plain
from wifiapp.analytics.rolling import roll_up_spans
from wifiapp.analytics.scopes import EVERYTHING, Scope, list_scopes
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.hotspots.queries import SILENT_AFTER

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
    """Roll up the hours and days that wait, unless somebody is at it; tell of changed rows."""
    return _told(roll_up(clock.now(), waits=False, longer=False))


def roll_up_longer_due(_stop: Event) -> Mapping[str, Any] | None:
    """Roll up all that waits, weeks and months too; see `roll_up_due`."""
    return _told(roll_up(clock.now(), waits=False))


def _told(outcome: Outcome | None) -> Mapping[str, Any] | None:
    return {"rows": outcome.rows} if outcome and outcome.rows else None


def roll_up(
    now: datetime, again: Days | None = None, *, waits: bool = True, longer: bool = True
) -> Outcome | None:
    """Roll up what is waiting, and `again` whatever happened in those days.

    Weeks and months wait on unless `longer` is set, or something has to be rolled up anew.
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
    longer = longer or bool(again) or any(scope.rolled_up_to is None for scope in scopes)
    before = min((moment for scope in scopes for moment in _stamps(scope)), default=now)
    taken, growing = _take_marks(before, longer=longer), _growing(min(before, now))
    extent = find_extent(now)  # after the marks: all that they name has happened by then
    marked = {business: clipped(spans, *extent) for business, spans in taken.items()}
    span = again.span(extent) if again else None
    wanted = {scope: _waiting(scope, extent, marked, growing, span, now) for scope in scopes}
    rows = roll_up_spans(wanted, now, PERIOD_TYPES if longer else SHORT)
    _stamp(scopes, now, longer=longer)
    db.session.commit()
    return Outcome(rows, now)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _waiting(
    scope: Scope,
    extent: Span,
    marked: Mapping[str, Sequence[Span]],
    growing: Mapping[str, datetime],
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
    if since := [growing[business] for business in members & growing.keys()]:
        moments = (*_stamps(scope), now)
        spans.append((min(*since, *moments), max(moments) + MOMENT))
    return [*spans, again] if again else spans


def _stamps(scope: Scope) -> list[datetime]:
    """Return the moments until which open sessions were counted, of shorter and longer periods."""
    return [moment for moment in (scope.rolled_up_to, scope.longer_to) if moment]


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
        DELETE FROM rollup_marks WHERE :longer OR NOT "isInDays"
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
    ),
    left_for_longer AS (
        INSERT INTO rollup_marks ("businessId", "startsAt", "endsAt", "isInDays")
        SELECT business, lower(span), upper(span), true FROM spans WHERE NOT :longer
    )
    SELECT business, lower(span), upper(span) FROM spans
    """
)


def _take_marks(before: datetime, *, longer: bool) -> dict[str, list[Span]]:
    """Delete the marks and return the spans they mean by business, those that touch joined.

    Unless they are taken for the longer periods too, those spans are marked for them.
    """
    found: dict[str, list[Span]] = {}
    moments = {"first": plain(FIRST), "last": plain(LAST), "before": plain(before)}
    for business, start, end in db.session.execute(MARKED, {**moments, "longer": longer}):
        span = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        found.setdefault(business, []).append(span)
    return found


# Once its hotspot is silent, a session lasts until the last sign of life, which was before then.
GROWING = text(
    """
    SELECT t."businessId", least(:before, min(greatest(s."startedAt", d."lastSeen")))
    FROM device_sessions s JOIN wifi_token_devices d ON d.id = s."wifiTokenDeviceId"
    JOIN wifi_tokens t ON t.id = d."wifiTokenId" JOIN hotspots h ON h.id = t."hotspotId"
    CROSS JOIN LATERAL (
        SELECT :before - make_interval(secs => greatest(3 * h."pollInterval", :silent_after))
            AS heard_after) AS l
    WHERE s."endedAt" IS NULL AND h."lastContactAt" >= heard_after
        AND (NOT h."isManual" OR d."lastSeen" >= heard_after)
    GROUP BY 1
    """
)


def _growing(before: datetime) -> dict[str, datetime]:
    """Return the businesses of which open sessions went on since `before`, and from when on.

    They do without a mark, as long as their hotspots tell of them.
    """
    values = {"before": plain(before), "silent_after": SILENT_AFTER}
    found = db.session.execute(GROWING, values)
    return {business: since.replace(tzinfo=UTC) for business, since in found}


def _stamp(scopes: Sequence[Scope], now: datetime, *, longer: bool) -> None:
    """Write down what the roll-ups are true of by now."""
    stamps = {"rolled_up_to": now} | ({"longer_to": now} if longer else {})
    db.session.execute(update(RollupState).values(stamps))
    for scope in scopes:
        values = {
            "zone": scope.zone,
            "is_demo": scope.is_demo,
            "periods_from": scope.periods_from,
        }
        if scope.state_id is None:
            state = RollupState(business_id=scope.id or None, **stamps, **values)
            db.session.add(state)
        elif scope.rolled_up_to is None or scope.is_demo != scope.was_demo:
            mine = update(RollupState).where(RollupState.id == scope.state_id)
            db.session.execute(mine.values(**values))
