"""The filters of the analytics."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice
from wtforms.validators import ValidationError

from wifiapp.analytics.grid import moved
from wifiapp.columns import SYSTEMS
from wifiapp.filters import ChoiceField, DayField, FilterForm, OpenField
from wifiapp.sales.periods import CUSTOM, DAY, Period

TABS = (("hour", _l("Hours")), ("day", _l("Days")), ("week", _l("Weeks")), ("month", _l("Months")))

# Of each tab its presets, the first one unless something else is asked for.
PRESETS: dict[str, tuple[tuple[str, Any], ...]] = {
    "hour": (
        ("today", _l("Today")),
        ("yesterday", _l("Yesterday")),
        ("2-days", _l("2 days")),
    ),
    "day": (
        ("30-days", _l("30 days")),
        ("7-days", _l("7 days")),
        ("month", _l("This month")),
        ("last-month", _l("Last month")),
    ),
    "week": (
        ("13-weeks", _l("13 weeks")),
        ("26-weeks", _l("26 weeks")),
        ("52-weeks", _l("52 weeks")),
    ),
    "month": (
        ("12-months", _l("12 months")),
        ("24-months", _l("24 months")),
    ),
}


class AnalyticsFilters(FilterForm):
    by = ChoiceField(
        _l("Periods"),
        _l("There are no such periods. These are days."),
        *(SelectChoice(*tab) for tab in TABS),
        default="day",
    )
    period = ChoiceField(
        _l("Range"),
        _l("There is no such range here. This is the usual one."),
        SelectChoice("", _l("The usual one")),
        SelectChoice(CUSTOM, _l("Choose days")),
    )
    first = DayField(_l("From"), name="from")
    last = DayField(_l("To"), name="to")
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are all."),
        SelectChoice("", _l("All businesses")),
    )
    system = ChoiceField(
        _l("System"),
        _l("There is no such system. These are both."),
        SelectChoice("", _l("Both systems")),
        *(SelectChoice(system, system) for system in SYSTEMS),
    )
    currency = OpenField(_l("Money in"))
    compare = ChoiceField(
        _l("Compare with"),
        _l("There is nothing like that to compare with."),
        SelectChoice("", _l("Nothing")),
        SelectChoice("before", _l("Periods before")),
    )

    def __init__(self, args: MultiDict[str, str], **choices: Iterable[tuple[str, str]]) -> None:
        """Read the query string; days that are given make the range one of chosen days."""
        presets = PRESETS.get(args.get("by", "day").casefold(), PRESETS["day"])
        super().__init__(args, period=presets, **choices)
        if self.first.data or self.last.data:
            self.period.data, self.period.errors = CUSTOM, ()
        elif self.period.data == CUSTOM and not (self.first.errors or self.last.errors):
            self.first.errors = [_("Choose a day. Until then, this is the usual range.")]

    def validate_last(self, field: Any) -> None:
        if self.first.data and field.data and field.data < self.first.data:
            self.first.data = field.data = None
            raise ValidationError(_("The last day came before the first; they were left out."))

    @property
    def preset(self) -> str:
        """Return the range to show: the first of its tab where none was chosen."""
        chosen: str = self.value("period")
        nothing = chosen == CUSTOM and not (self.first.data or self.last.data)
        return PRESETS[self.value("by")][0][0] if nothing or not chosen else chosen

    def days(self, today: date) -> tuple[date, date]:
        """Return the first and the last day of the range, none of them to come."""
        number, _dash, _what = self.preset.partition("-")
        if number.isdigit() and self.value("by") in ("week", "month"):
            return moved(self.value("by"), today, 1 - int(number)), today
        if number.isdigit():
            return today - DAY * (int(number) - 1), today
        first, last = Period(self.preset, self.first.data, self.last.data).days(today)
        return min(first, today), min(last, today)
