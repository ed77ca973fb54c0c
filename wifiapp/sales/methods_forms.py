"""What a person types about a payment method."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from wifiapp.access import Viewer
from wifiapp.businesses.queries import list_businesses
from wifiapp.sales.fields import AmountField
from wifiapp.sales.methods import LONGEST_NAME, Method

KINDS = {"CASH": _l("Cash"), "MOBILE": _l("Mobile money"), "OTHER": _l("Other")}


class MethodForm(FlaskForm):  # type: ignore[misc]
    """Kind and fee of a method; its name is given once."""

    kind = SelectField(
        _l("Kind"),
        choices=[SelectChoice(*each) for each in KINDS.items()],
        default="MOBILE",
        validate_choice=False,
        description=_l("Cash is what is counted when the day is closed."),
    )
    fee_percent = AmountField(_l("Fee, % of the price"), default=Decimal(0))
    fee_minimum = AmountField(_l("Fee at least"), default=Decimal(0))

    def validate_kind(self, field: Field) -> None:
        if field.data not in KINDS:
            raise ValidationError(_("Choose one of the kinds."))

    def method(self, name: str) -> Method:
        """Return the method of a form that was validated."""
        percent, minimum = self.fee_percent.data, self.fee_minimum.data
        return Method(name, self.kind.data, percent or Decimal(0), minimum or Decimal(0))

    def show(self, found: Mapping[str, str]) -> None:
        """Put messages beside the fields that they are about."""
        for name, message in found.items():
            if name in self:
                self[name].errors = [message]
            else:
                self.form_errors.append(message)


class NewMethodForm(MethodForm):
    business = SelectField(_l("Business"), validate_choice=False)
    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a name.")),
            Length(max=LONGEST_NAME, message=_l("Take at most 30 characters.")),
        ],
        description=_l("As it stands on the button and on the Sales page, such as ECOCASH."),
        render_kw={"autocomplete": "off", "maxlength": LONGEST_NAME},
    )

    def __init__(self, viewer: Viewer, **options: Any) -> None:
        super().__init__(**options)
        self.business.choices = [
            SelectChoice(each.id, each.name) for each in list_businesses(viewer) if each.is_active
        ]

    def validate_business(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of your businesses."))
