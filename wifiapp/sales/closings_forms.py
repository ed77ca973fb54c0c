"""What a person types to close a day."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, SelectChoice, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from wifiapp.columns import new_id
from wifiapp.filters import ChoiceField, DayField, FilterForm
from wifiapp.sales.fields import AmountField

LONGEST_NOTE = 500


class ClosingFilters(FilterForm):
    """Whose closings are listed."""

    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the closings of all."),
        SelectChoice("", _l("All businesses")),
    )


class DayChoice(FilterForm):
    """Which day of which business is to be closed; the first business, today, unless said."""

    business = ChoiceField(
        _l("Business"), _l("There is no such business. This is the first of yours.")
    )
    day = DayField(_l("Day"))

    def __init__(self, args: MultiDict[str, str], business: Iterable[tuple[str, str]]) -> None:
        offered = list(business)
        given = MultiDict({name: args[name] for name in ("business", "day") if args.get(name)})
        if offered:
            given.setdefault("business", offered[0][0])
        super().__init__(given, business=offered)
        if self.business.errors and offered:
            self.business.data = offered[0][0]


class CloseForm(FlaskForm):  # type: ignore[misc]
    """The cash that was counted; `closing_id` makes a form that is sent twice one closing."""

    closing_id = HiddenField()
    seen = HiddenField()
    counted = AmountField(
        _l("Cash counted"),
        InputRequired(_l("Count the cash and enter it; 0 when there is none.")),
        description=_l("Without the change that stays in the till."),
    )
    note = TextAreaField(
        _l("Note"),
        [Length(max=LONGEST_NOTE, message=_l("Take at most 500 characters."))],
        description=_l("What explains a difference."),
        render_kw={"rows": 2, "maxlength": LONGEST_NOTE},
    )
    again = BooleanField(_l("Close this day again, for what came after it was closed"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.closing_id.data = self.closing_id.data or new_id()

    def validate_closing_id(self, field: Field) -> None:
        """Take a fresh id in the place of one that is none."""
        if len(field.data) != len(new_id()):
            field.data = new_id()

    def validate_counted(self, field: Field) -> None:
        if field.data is None:  # blanks
            raise ValidationError(_("Count the cash and enter it; 0 when there is none."))

    @property
    def seen_cash(self) -> Decimal | None:
        """Return the expected cash that the person was shown."""
        try:
            return Decimal(self.seen.data or "")
        except ArithmeticError:
            return None
