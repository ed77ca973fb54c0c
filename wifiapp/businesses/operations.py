"""Changes to the businesses."""

import difflib
from zoneinfo import available_timezones

from babel.numbers import list_currencies

from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import WifiError

LONGEST_NAME = 100


class InvalidBusiness(WifiError):
    """The name, the currency or the time zone will not do; the message says which and why."""


def add_business(actor: Actor, name: str, currency: str, timezone: str) -> Business:
    """Add a shop with an ISO 4217 currency and an IANA time zone, or raise `InvalidBusiness`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidBusiness(f"A business needs a name of 1 to {LONGEST_NAME} characters.")
    business = Business(
        name=name, currency=_known_currency(currency), timezone=_known_timezone(timezone)
    )
    db.session.add(business)
    db.session.flush()
    change = {"name": name, "currency": business.currency, "timezone": business.timezone}
    record(
        actor,
        "business.create",
        "business",
        business.id,
        business_id=business.id,
        change=change,
    )
    db.session.commit()
    return business


def _known_currency(text: str) -> str:
    code = text.strip().upper()
    if code not in list_currencies():
        raise InvalidBusiness(f"{text!r} is not a currency. Take its ISO code, such as USD or ZAR.")
    return code


def _known_timezone(text: str) -> str:
    known = {zone.lower(): zone for zone in available_timezones()}
    zone = known.get(text.strip().lower())
    if zone is None:
        close = difflib.get_close_matches(text.strip().lower(), known, n=1)
        hint = f"Did you mean {known[close[0]]}?" if close else "One looks like Africa/Harare."
        raise InvalidBusiness(f"{text!r} is not a time zone. {hint}")
    return zone
