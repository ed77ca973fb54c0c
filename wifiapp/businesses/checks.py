"""What a business may be: its name, its money and its clock, however they were typed."""

import difflib
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from babel.numbers import list_currencies

from wifiapp.errors import WifiError

LONGEST_NAME = 100


class InvalidBusiness(WifiError):
    """The name, the currency or the time zone will not do; `problems` are messages by field."""

    def __init__(self, found: Mapping[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " Nothing was changed.")
        self.problems = dict(found)


class Facts(NamedTuple):
    """What is known of a business: a currency of ISO 4217, a time zone of IANA."""

    name: str
    currency: str
    timezone: str


def checked(name: str, currency: str, timezone: str) -> Facts:
    """Return what was typed as it is kept, or raise `InvalidBusiness`."""
    facts = Facts(" ".join(name.split()), currency.strip().upper(), find_timezone(timezone) or "")
    found = {}
    if not 1 <= len(facts.name) <= LONGEST_NAME:
        found["name"] = f"A business needs a name of 1 to {LONGEST_NAME} characters."
    if facts.currency not in list_currencies():
        found["currency"] = (
            f"{currency!r} is not a currency. Take its ISO code, such as USD or ZAR."
        )
    if not facts.timezone:
        found["timezone"] = f"{timezone!r} is not a time zone. {_hint(timezone)}"
    if found:
        raise InvalidBusiness(found)
    return facts


def find_timezone(text: str) -> str | None:
    """Return the zone that is meant, also by its city alone; None when it is none or several."""
    typed = _typed(text)
    found = _zones().get(typed)
    if found:
        return found
    cities = {zone for zone in _zones().values() if _city(zone) == typed}
    return cities.pop() if len(cities) == 1 else None


def _hint(text: str) -> str:
    typed, zones = _typed(text), _zones()
    cities = {_city(zone): zone for zone in zones.values()}
    for known in (zones, cities):
        if close := difflib.get_close_matches(typed, known, n=1):
            return f"Did you mean {known[close[0]]}?"
    return "One looks like Africa/Harare."


def _typed(text: str) -> str:
    return "_".join(text.lower().split())


def _city(zone: str) -> str:
    return zone.lower().rpartition("/")[2]


@cache
def _zones() -> Mapping[str, str]:
    return {zone.lower(): zone for zone in sorted(available_timezones())}
