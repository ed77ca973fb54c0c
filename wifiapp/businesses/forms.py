"""What an administrator types about a business, and the filters of the list."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectChoice, StringField
from wtforms.validators import InputRequired

from wifiapp.businesses.checks import LONGEST_NAME
from wifiapp.businesses.list_queries import Wanted
from wifiapp.filters import ChoiceField, FilterForm, SearchField

TYPED = {"autocomplete": "off", "spellcheck": "false"}


class BusinessForm(FlaskForm):  # type: ignore[misc]
    """A business; `key` makes a form that is sent twice one business."""

    key = HiddenField()
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name."))],
        description=_l("As it stands on receipts and vouchers."),
        render_kw={"autocomplete": "organization", "maxlength": LONGEST_NAME},
    )
    currency = StringField(
        _l("Currency"),
        [InputRequired(_l("Enter its code, such as USD."))],
        render_kw={"list": "currencies", "maxlength": 3, "autocapitalize": "characters", **TYPED},
    )
    timezone = StringField(
        _l("Time zone"),
        [InputRequired(_l("Enter its city, such as Harare."))],
        description=_l("Where its days begin and by which clock its pages are. Type the city."),
        render_kw={"list": "zones", "maxlength": 100, "autocapitalize": "words", **TYPED},
    )

    def show(self, found: Mapping[str, str]) -> None:
        """Put messages beside the fields that they are about."""
        for name, message in found.items():
            self[name].errors = [message]


class BusinessFilters(FilterForm):
    q = SearchField(_l("Search"))
    state = ChoiceField(
        _l("State"),
        _l("There is no such state. These are the businesses in both."),
        SelectChoice("", _l("In use or not")),
        SelectChoice("active", _l("In use")),
        SelectChoice("inactive", _l("Not in use")),
    )

    @property
    def wanted(self) -> Wanted:
        """Return the businesses to show."""
        states: dict[str, bool] = {"active": True, "inactive": False}
        return Wanted(self.value("q") or "", states.get(self.value("state")))


def offers() -> dict[str, Any]:
    """Return what the browser offers to whoever types a currency or a time zone."""
    return {"currencies": _currencies(str(get_locale())), "zones": _zones()}


@cache
def _currencies(locale: str) -> list[tuple[str, str]]:
    """Return code and name of each currency that is money somewhere today."""
    places = get_global("territory_currencies")
    codes = {code for place in places for code in get_territory_currencies(place)}
    return sorted((code, get_currency_name(code, locale=locale)) for code in codes)


@cache
def _zones() -> list[str]:
    """Return the zones that are named by a place."""
    return ["UTC", *sorted(zone for zone in available_timezones() if _is_place(zone))]


def _is_place(zone: str) -> bool:
    return "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
