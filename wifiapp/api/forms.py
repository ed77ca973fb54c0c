"""What a person types to make a key."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from wifiapp.access import Viewer
from wifiapp.api.keys import SCOPES
from wifiapp.businesses.queries import list_businesses

WORDS = {
    "read": _l("Look: list plans and stock, look up tokens and sales"),
    "sell": _l("Sell tokens, also as gifts with a reason"),
    "void": _l("Void sales"),
}


class KeyForm(FlaskForm):  # type: ignore[misc]
    business = SelectField(_l("Business"), validate_choice=False)
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name."))],
        render_kw={"autocomplete": "off", "maxlength": 60},
    )
    scopes = SelectMultipleField(
        _l("The key may"),
        choices=[SelectChoice(scope, WORDS[scope]) for scope in SCOPES],
        default=["read", "sell"],
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    channel = StringField(
        _l("Channel"),
        [InputRequired(_l("Enter a channel such as POS."))],
        default="POS",
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "maxlength": 20},
    )

    def __init__(self, viewer: Viewer, **options: Any) -> None:
        """Offer the businesses that the viewer may see and that sell."""
        super().__init__(**options)
        self.business.choices = [
            SelectChoice(each.id, each.name) for each in list_businesses(viewer) if each.is_active
        ]

    def validate_business(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of your businesses."))

    def validate_scopes(self, field: Field) -> None:
        if not field.data or not set(field.data) <= set(SCOPES):
            raise ValidationError(_("Choose at least one of these."))

    def show(self, found: dict[str, str]) -> None:
        """Put messages beside the fields that they are about."""
        for name, message in found.items():
            self[name].errors = [message]
