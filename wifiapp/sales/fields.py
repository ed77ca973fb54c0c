"""Fields for amounts of money, as people type them at a till."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DecimalField, StringField

MOST_DIGITS = 15


class AmountField(DecimalField):  # type: ignore[misc]
    """An amount such as 5, 5.00 or 5,50; None where nothing was typed."""

    data: Decimal | None

    def __init__(self, label: str, *validators: Any, **options: Any) -> None:
        keys = {"inputmode": "decimal", "autocomplete": "off"} | options.pop("render_kw", {})
        # A text: a number field of a browser swallows what it does not understand.
        options = {"widget": StringField.widget, "places": 2, "render_kw": keys} | options
        super().__init__(label, [*validators], **options)
        self.wrong = _l("Enter an amount such as 5 or 5.50.")

    def process_formdata(self, valuelist: list[str]) -> None:
        text = "".join(valuelist[0].split()) if valuelist else ""
        self.data = None
        if not text:
            return
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValueError(self.wrong) from None
        if not number.is_finite() or len(text) > MOST_DIGITS or number < 0:
            raise ValueError(self.wrong)
        if number != round(number, 2):
            raise ValueError(_("An amount has at most two digits after the point."))
        self.data = number
