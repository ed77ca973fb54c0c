"""Changes to the businesses."""

from typing import Any

from sqlalchemy import func, select, text

from wifiapp.access import Actor
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.businesses.checks import Facts, InvalidBusiness, checked
from wifiapp.businesses.models import Business
from wifiapp.businesses.queries import has_sales
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import NotFound

STAYS = "Its sales were made in {currency}, so that stays. Add a business for another currency."
# Whoever else changes one waits, so that no name comes to stand twice; tills do not. It comes
# before a row is held: whoever holds one and changes it then waits for this.
ALONE = text("LOCK TABLE businesses IN SHARE ROW EXCLUSIVE MODE")


def add_business(
    actor: Actor, name: str, currency: str, timezone: str, business_id: str | None = None
) -> Business:
    """Add a shop with an ISO 4217 currency and an IANA time zone, or raise `InvalidBusiness`.

    `business_id` is a fresh id: sent twice, it adds one.
    """
    facts = checked(name, currency, timezone)
    db.session.execute(ALONE)
    before = db.session.get(Business, business_id) if business_id else None
    if before and before.name == facts.name:
        db.session.rollback()
        return before
    _check_name(facts.name)
    business = Business(id=business_id if business_id and not before else new_id())
    _set(business, facts)
    db.session.add(business)
    db.session.flush()
    _record(actor, "business.create", business, facts._asdict())
    db.session.commit()
    return business


def change_business(
    actor: Actor, business_id: str, name: str, currency: str, timezone: str
) -> dict[str, Any]:
    """Give a business another name, time zone or, before its first sale, currency.

    Returns what was changed. Raises `InvalidBusiness`, `NotFound`.
    """
    facts = checked(name, currency, timezone)
    db.session.execute(ALONE)
    business = _held(business_id)
    _check_name(facts.name, but=business.id)
    if facts.currency != business.currency and has_sales(business.id):
        db.session.rollback()
        raise InvalidBusiness({"currency": STAYS.format(currency=business.currency)})
    before = _facts(business)
    _set(business, facts)
    changed = differences(before._asdict(), facts._asdict())
    if changed:
        _record(actor, "business.change", business, {"name": before.name, **changed})
    db.session.commit()
    return changed


def activate_business(actor: Actor, business_id: str, *, active: bool) -> Business:
    """Sell for a business again, or no longer; all that it has stays. Raises `NotFound`."""
    db.session.execute(ALONE)
    business = _held(business_id)
    if business.is_active != active:
        business.is_active = active
        action = "business.activate" if active else "business.deactivate"
        _record(actor, action, business, {"name": business.name})
    db.session.commit()
    return business


def _held(business_id: str) -> Business:
    """Return the business, which sells nothing until the commit."""
    business = db.session.get(
        Business, business_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if business is None:
        raise NotFound("There is no such business.")
    return business


def _check_name(name: str, but: str = "") -> None:
    """Refuse a name that another business has: tills, filters and reports show nothing else."""
    query = select(Business.id).where(func.lower(Business.name) == name.lower(), Business.id != but)
    if db.session.scalar(query.limit(1)) is not None:
        db.session.rollback()
        raise InvalidBusiness({"name": f"There is a business called {name!r} already."})


def _facts(business: Business) -> Facts:
    return Facts(business.name, business.currency, business.timezone)


def _set(business: Business, facts: Facts) -> None:
    business.name, business.currency, business.timezone = facts


def _record(actor: Actor, action: str, business: Business, change: dict[str, Any]) -> None:
    record(actor, action, "business", business.id, business_id=business.id, change=change)
