"""The filters of the sales."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice
from wtforms.validators import ValidationError

from wifiapp.columns import SYSTEMS
from wifiapp.filters import ChoiceField, DayField, FilterForm, OpenField, SearchField
from wifiapp.sales.periods import CUSTOM, TODAY, Period
from wifiapp.tokens.words import code_after_word

PRESETS = (
    (TODAY, _l("Today")),
    ("yesterday", _l("Yesterday")),
    ("7-days", _l("7 days")),
    ("month", _l("This month")),
    ("last-month", _l("Last month")),
    (CUSTOM, _l("Choose days")),
)


class SaleFilters(FilterForm):
    period = ChoiceField(
        _l("Period"),
        _l("There is no such period. These are the sales of today."),
        *(SelectChoice(*preset) for preset in PRESETS),
        default=TODAY,
    )
    first = DayField(_l("From"), name="from")
    last = DayField(_l("To"), name="to")
    q = SearchField(_l("Search"))
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the sales of all."),
        SelectChoice("", _l("All businesses")),
    )
    system = ChoiceField(
        _l("System"),
        _l("There is no such system. These are the sales of both."),
        SelectChoice("", _l("Both systems")),
        *(SelectChoice(system, system) for system in SYSTEMS),
    )
    channel = OpenField(_l("Channel"), SelectChoice("", _l("All channels")))
    method = OpenField(_l("Method"), SelectChoice("", _l("All methods")))
    plan = OpenField(_l("Plan"), SelectChoice("", _l("All plans")))
    seller = OpenField(_l("Seller"), SelectChoice("", _l("All sellers")))

    def __init__(self, args: MultiDict[str, str], **choices: Iterable[tuple[str, str]]) -> None:
        """Read the query string; days that are given make the period one of chosen days."""
        super().__init__(args, **choices)
        if self.first.data or self.last.data:
            self.period.data, self.period.errors = CUSTOM, ()
        elif self.period.data == CUSTOM and not (self.first.errors or self.last.errors):
            self.first.errors = [_("Choose a day. Until then, these are the sales of today.")]

    def validate_last(self, field: Any) -> None:
        if self.first.data and field.data and field.data < self.first.data:
            self.first.data = field.data = None
            raise ValidationError(_("The last day came before the first; they were left out."))

    def validate_q(self, field: Any) -> None:
        if code_after_word(field.data) == "":
            raise ValidationError(_("Add the code after the word, such as “voucher A3K9M7P2”."))

    @property
    def days(self) -> Period:
        """Return the period to show."""
        return Period(self.value("period"), self.first.data, self.last.data)

    @property
    def code(self) -> str:
        """Return the token or receipt number to look for."""
        text = self.value("q") or ""
        return code_after_word(text) or text

    def values(self) -> dict[str, str]:
        """Return what was chosen of the lists that are open."""
        names = ("channel", "method", "system", "plan", "seller")
        return {name: self.value(name) or "" for name in names}
