"""Which days of the roll-ups to check."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms.validators import ValidationError

from wifiapp.filters import DayField, FilterForm

LONGEST = timedelta(days=92)  # what a page may count again while somebody waits
SHOWN = timedelta(days=6)


class CheckFilters(FilterForm):
    first = DayField(_l("From"), name="from")
    last = DayField(_l("To"), name="to")

    def __init__(self, args: MultiDict[str, str]) -> None:
        super().__init__(args)

    def validate_last(self, field: Any) -> None:
        if self.first.data and field.data and field.data < self.first.data:
            self.first.data = field.data = None
            raise ValidationError(_("The last day came before the first; they were left out."))
        if self.first.data and field.data and field.data - self.first.data > LONGEST:
            self.first.data = field.data = None
            raise ValidationError(
                _("A page checks 3 months at most. More is checked by: flask analytics check")
            )

    def days(self, today: date) -> tuple[date, date]:
        """Return the first and the last day; without any, the last seven."""
        last = self.last.data or min(today, (self.first.data or today) + LONGEST)
        return self.first.data or last - SHOWN, last
