"""Closing a day: what was sold is counted against what is in the till."""

from datetime import date
from decimal import Decimal

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.businesses.queries import get_business
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.formats import money
from wifiapp.sales import closings_queries, till
from wifiapp.sales.closings import Draft, whole_day
from wifiapp.sales.methods import CENT
from wifiapp.sales.models import DayClosing, DayClosingSum
from wifiapp.sales.orders import LARGEST

LONGEST_NOTE = 500


class ClosedAlready(WifiError):
    """The day has been closed before; `again` closes what came after that."""


class SoldMeanwhile(WifiError):
    """More was sold or voided than the person who counted has seen."""


class InvalidCount(WifiError):
    """The counted cash is no amount, or the note is too long."""


def close_day(
    actor: Actor,
    business_id: str,
    day: date,
    counted: Decimal,
    *,
    note: str = "",
    seen: Decimal | None = None,
    again: bool = False,
    closing_id: str | None = None,
) -> DayClosing:
    """Close a business day with the cash that was counted; `closings` says what it covers.

    `seen` is the expected cash that the person was shown. `closing_id` is a fresh id: sent
    twice, it closes once. Raises `NothingToClose`, `ClosedAlready`, `SoldMeanwhile`,
    `InvalidCount`, `NotFound`.
    """
    note = " ".join(note.split())
    _check(counted, note)
    try:
        till.hold(business_id)
        before = db.session.get(DayClosing, closing_id) if closing_id else None
        if before and (before.business_id, before.day) == (business_id, day):
            db.session.rollback()
            return before
        draft = _draft(business_id, day, seen, again=again)
    except WifiError:
        db.session.rollback()
        raise
    closing = DayClosing(
        id=closing_id if closing_id and not before else new_id(),
        business_id=business_id,
        day=day,
        number=draft.number,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        expected_cash=draft.expected_cash,
        counted_cash=counted,
        note=note or None,
        closed_at=clock.now(),
        closed_by=actor.user_id,
    )
    _keep(actor, closing, draft)
    db.session.commit()
    return closing


def _check(counted: Decimal, note: str) -> None:
    if not counted.is_finite() or not 0 <= counted <= LARGEST or counted != counted.quantize(CENT):
        raise InvalidCount("Enter the cash that you counted, such as 45 or 45.50.")
    if len(note) > LONGEST_NOTE:
        raise InvalidCount(f"A note has at most {LONGEST_NOTE} characters.")


def _draft(business_id: str, day: date, seen: Decimal | None, *, again: bool) -> Draft:
    business = get_business(business_id)
    last = closings_queries.find_last(business_id)
    since = last.ends_at if last else whole_day(day, business.timezone, clock.now()).start
    draft = closings_queries.draft(business, day, till.after_all_lines(business_id, since))
    if draft.number > 1 and not again:
        raise ClosedAlready(
            f"{day} is closed already. Close it again to count what came after that."
        )
    if seen is not None and seen != draft.expected_cash:
        expected = money(draft.expected_cash, business.currency)
        raise SoldMeanwhile(
            f"Something was sold or voided since you counted: {expected} in cash is expected now. "
            "The day is not closed. Count again."
        )
    return draft


def _keep(actor: Actor, closing: DayClosing, draft: Draft) -> None:
    db.session.add(closing)
    db.session.flush()
    for each in draft.sums:
        db.session.add(DayClosingSum(day_closing_id=closing.id, **each._asdict()))
    change = {
        "day": closing.day.isoformat(),
        "number": closing.number if closing.number > 1 else None,
        "expectedCash": f"{closing.expected_cash:.2f}",
        "countedCash": f"{closing.counted_cash:.2f}",
        "difference": f"{closing.counted_cash - closing.expected_cash:.2f}",
        "note": closing.note,
    }
    record(
        actor, "day.close", "closing", closing.id, business_id=closing.business_id, change=change
    )
