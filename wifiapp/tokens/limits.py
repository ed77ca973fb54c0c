"""What the two systems can do for a plan; everything else is refused in words.

An ESP32 counts minutes and megabytes and lets two devices share a token. An R710 counts whole
hours, days or weeks and no data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _

LONGEST_NAME = 60
LARGEST_MB = 2_000_000_000
LARGEST_PRICE = Decimal("9999999999.99")
HOUR, DAY = 60, 24 * 60
ESP32_MINUTES = (30, 30 * DAY)
R710_MINUTES = (HOUR, 52 * 7 * DAY)
MOST_DEVICES = {"ESP32": 2, "R710": 100}


@dataclass(frozen=True)
class Terms:
    """What a plan gives and costs: `minutes`, volumes in MB (None is unlimited), a price."""

    name: str
    minutes: int
    price: Decimal
    download_mb: int | None = None
    upload_mb: int | None = None
    devices: int = 1


def problems(system: str, terms: Terms) -> dict[str, str]:
    """Return what the system cannot do, by the name of the term; empty when all is well."""
    return dict(_problems(system, terms))


def _problems(system: str, terms: Terms) -> Iterator[tuple[str, str]]:
    if not 1 <= len(terms.name) <= LONGEST_NAME:
        yield "name", _("A plan needs a name of 1 to %(most)d characters.", most=LONGEST_NAME)
    if message := _about_minutes(system, terms.minutes):
        yield "minutes", message
    if not terms.price.is_finite() or not 0 <= terms.price <= LARGEST_PRICE:
        yield "price", _("A price is 0 or more, with at most ten digits before the point.")
    elif terms.price != round(terms.price, 2):
        yield "price", _("A price has at most two digits after the point.")
    for name, volume in (("download_mb", terms.download_mb), ("upload_mb", terms.upload_mb)):
        if message := _about_volume(system, volume):
            yield name, message
    if not 1 <= terms.devices <= MOST_DEVICES[system]:
        yield "devices", _about_devices(system)


def _about_minutes(system: str, minutes: int) -> str:
    if system == "ESP32" and not ESP32_MINUTES[0] <= minutes <= ESP32_MINUTES[1]:
        return str(_("An ESP32 counts from 30 minutes to 30 days."))
    if system == "R710" and (minutes % HOUR or not R710_MINUTES[0] <= minutes <= R710_MINUTES[1]):
        return str(_("An R710 counts in whole hours, days or weeks, up to 52 weeks."))
    return ""


def _about_volume(system: str, volume: int | None) -> str:
    if volume is not None and system == "R710":
        return str(_("An R710 cannot limit the data of a token. Leave this empty."))
    if volume is not None and not 1 <= volume <= LARGEST_MB:
        return str(_("Enter a number of megabytes, or leave this empty for unlimited data."))
    return ""


def _about_devices(system: str) -> str:
    if system == "ESP32":
        return str(_("On an ESP32 one or two devices share a token."))
    return str(_("On an R710 1 to %(most)d devices share a token.", most=MOST_DEVICES[system]))
