"""The filters of the leaks."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice
from wtforms.validators import ValidationError

from wifiapp.filters import ChoiceField, DayField, FilterForm, OpenField
from wifiapp.sales.forms import PRESETS
from wifiapp.sales.periods import CUSTOM, Period

WEEK = "7-days"


class LeakFilters(FilterForm):
    period = ChoiceField(
        _l("Period"),
        _l("There is no such period. These are the leaks of 7 days."),
        *(SelectChoice(*preset) for preset in PRESETS),
        default=WEEK,
    )
    first = DayField(_l("From"), name="from")
    last = DayField(_l("To"), name="to")
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the leaks of all."),
        SelectChoice("", _l("All businesses")),
    )
    seller = OpenField(_l("Seller"), SelectChoice("", _l("All sellers")))
    channel = OpenField(_l("Channel"), SelectChoice("", _l("All channels")))

    def __init__(self, args: MultiDict[str, str], **choices: Iterable[tuple[str, str]]) -> None:
        """Read the query string; days that are given make the period one of chosen days."""
        super().__init__(args, **choices)
        if self.first.data or self.last.data:
            self.period.data, self.period.errors = CUSTOM, ()
        elif self.period.data == CUSTOM:
            self.period.data = WEEK
            if not (self.first.errors or self.last.errors):
                self.first.errors = [_("Choose a day. Until then, these are the leaks of 7 days.")]

    def validate_last(self, field: Any) -> None:
        if self.first.data and field.data and field.data < self.first.data:
            self.first.data = field.data = None
            raise ValidationError(_("The last day came before the first; they were left out."))

    @property
    def days(self) -> Period:
        """Return the period to show."""
        return Period(self.value("period"), self.first.data, self.last.data)
