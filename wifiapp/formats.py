"""How amounts, moments, sizes and states are shown; every filter writes None as a dash."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from flask import Flask
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from wifiapp import clock

NOTHING = "\N{EN DASH}"
MINUTE, HOUR, DAY = 60, 3600, 86400
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
THREE_FIGURES = 100


class State(NamedTuple):
    """How a state is shown: never by its tone alone."""

    tone: str
    icon: str
    label: str


STATES = {
    "online": State("good", "wifi", _l("Online")),
    "offline": State("plain", "wifi-off", _l("Offline")),
    "unknown": State("warn", "help-circle", _l("Unknown")),
    "available": State("accent", "ticket", _l("Available")),
    "sold": State("info", "receipt", _l("Sold")),
    "active": State("good", "player-play", _l("Active")),
    "expired": State("plain", "clock-off", _l("Expired")),
    "disabled": State("bad", "ban", _l("Disabled")),
    "blocked": State("bad", "ban", _l("Blocked")),
    "void": State("bad", "circle-x", _l("Void")),
    "queued": State("plain", "hourglass", _l("Queued")),
    "waiting": State("warn", "hourglass", _l("Waiting")),
    "running": State("info", "loader-2", _l("Running")),
    "ready": State("good", "circle-check", _l("Ready")),
    "verified": State("good", "shield-check", _l("Verified")),
    "failed": State("bad", "alert-circle", _l("Failed")),
    "cancelled": State("plain", "x", _l("Cancelled")),
    "pinned": State("accent", "pin", _l("Pinned")),
    "admin": State("plum", "key", _l("Admin")),
    "manager": State("info", "building-store", _l("Manager")),
    "seller": State("accent", "cash-register", _l("Seller")),
    "answers": State("good", "access-point", _l("Answers")),
    "silent": State("warn", "wifi-off", _l("Silent")),
    "refused": State("bad", "lock", _l("Refused")),
    "new": State("info", "hourglass", _l("Not heard yet")),
    "manual": State("plain", "user", _l("By hand")),
    "inactive": State("plain", "ban", _l("Not in use")),
    "demo": State("warn", "flask", _l("Demo")),
    "private": State("plum", "eye-off", _l("Private address")),
}


def state_of(name: str) -> State:
    """Return how a state is shown, whatever its case; an unknown one is shown by its own name."""
    return STATES.get(name.lower(), State("plain", "tag", name))


def money(amount: Decimal | None, currency: str) -> str:
    """Write an amount as "USD 1,234.50", with the code because many countries have a "$"."""
    if amount is None:
        return NOTHING
    pattern = "¤¤ #,##0.00;¤¤ -#,##0.00"
    return _plain(numbers.format_currency(amount, currency, pattern, locale=_locale()))


def moment(value: datetime | None, tz: str) -> str:
    """Write an aware datetime as "22 Nov 2026, 14:05" in the zone with the IANA name `tz`."""
    if value is None:
        return NOTHING
    return dates.format_datetime(value, "d MMM y, HH:mm", ZoneInfo(tz), _locale())


def day(value: date | None) -> str:
    """Write a calendar day as "Sun 22 Nov 2026"."""
    return NOTHING if value is None else dates.format_date(value, "EEE d MMM y", _locale())


def brief(value: datetime | None, tz: str, now: datetime | None = None) -> str:
    """Write an aware datetime for a narrow column: "14:05" today, "22 Nov, 14:05" this year."""
    if value is None:
        return NOTHING
    zone = ZoneInfo(tz)
    then, today = value.astimezone(zone), (now or clock.now()).astimezone(zone)
    pattern = "HH:mm" if then.date() == today.date() else "d MMM, HH:mm"
    if then.year != today.year:
        pattern = "d MMM y, HH:mm"
    return dates.format_datetime(then, pattern, zone, _locale())


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """Write how long ago an aware datetime was: "12 s ago", "5 d ago"; "in 3 h" when to come."""
    if value is None:
        return NOTHING
    seconds = int(((now or clock.now()) - value).total_seconds())
    size, name = _coarse(abs(seconds))
    sentence: str = gettext("in %(span)s") if seconds < 0 else gettext("%(span)s ago")
    return sentence % {"span": f"{size} {name}"}


def timespan(seconds: float | timedelta | None) -> str:
    """Write a length of time by its two largest units: "45 s", "1 h 05 min", "2 d 03 h"."""
    if seconds is None:
        return NOTHING
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
    return f"{whole // DAY} d {whole % DAY // HOUR:02d} h"


def bytes_(size: float | Decimal | None) -> str:
    """Write a number of bytes with decimal units: "585 MB", "1.2 GB"."""
    if size is None:
        return NOTHING
    value, unit = Decimal(size), 0
    while round(value) >= 1000 and unit < len(UNITS) - 1:  # noqa: PLR2004 (decimal units)
        value, unit = value / 1000, unit + 1
    whole = unit == 0 or value >= THREE_FIGURES
    return f"{_decimal(value, '#,##0' if whole else '#,##0.#')} {UNITS[unit]}"


def count(number: int | None) -> str:
    """Write a whole number in groups of three: "12,345"."""
    return NOTHING if number is None else _decimal(number, "#,##0")


def number(value: int | Decimal, pattern: str) -> str:
    """Write a number by a pattern such as "#,##0.00"."""
    return _decimal(value, pattern)


def amount(value: Decimal | None) -> str:
    """Write an amount without its currency, which stands above it: "1,234.50"."""
    return NOTHING if value is None else _decimal(value, "#,##0.00")


def percent(ratio: float | Decimal | None) -> str:
    """Write a ratio (1 is all) as "12.5%"."""
    if ratio is None:
        return NOTHING
    return _plain(numbers.format_percent(ratio, "#,##0.#%", locale=_locale()))


FILTERS: dict[str, Callable[..., str]] = {
    "money": money,
    "moment": moment,
    "brief": brief,
    "day": day,
    "ago": ago,
    "timespan": timespan,
    "filesize": bytes_,
    "count": count,
    "percent": percent,
    "amount": amount,
}


def init_app(app: Flask) -> None:
    """Offer the formats to the templates; `count` takes the place of Jinja's name for `length`."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["state_of"] = state_of


def _coarse(seconds: int) -> tuple[int, str]:
    for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return seconds // size, name
    return seconds, "s"


def _decimal(number: int | Decimal, pattern: str) -> str:
    return _plain(numbers.format_decimal(number, pattern, locale=_locale()))


def _plain(text: str) -> str:
    """Turn babel's no-break spaces into plain ones, so that a copied number is found again."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def _locale() -> Locale:
    locale: Locale | None = get_locale()
    return locale or Locale("en")
