"""The filters of the week on paper."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice

from wifiapp.filters import ChoiceField, DayField, FilterForm, OpenField


class WeekFilters(FilterForm):
    """`day` is any day of the week."""

    day = DayField(_l("Week of"))
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are all."),
        SelectChoice("", _l("All businesses")),
    )
    currency = OpenField(_l("Money in"))
