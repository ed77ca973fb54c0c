"""What an administrator types about a user."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    EmailField,
    Field,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from wifiapp.access import EVERY_ROLE
from wifiapp.auth.emails import LONGEST, is_email
from wifiapp.auth.forms import EMAIL_KEYS
from wifiapp.businesses import queries as businesses

ROLES = {
    "ADMIN": _l("Administrator: everything, also users and backups, in all businesses"),
    "MANAGER": _l("Manager: runs the businesses chosen below"),
    "SELLER": _l("Seller: sells in the businesses chosen below, sees their own sales"),
}
ROLE_CHOICES = [SelectChoice(role, ROLES[role]) for role in EVERY_ROLE]


class BusinessesField(SelectMultipleField):  # type: ignore[misc]
    """Boxes of all businesses."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def choose_from_all(self) -> None:
        self.choices = [
            SelectChoice(each.id, _named(each)) for each in businesses.list_businesses()
        ]


def _named(business: Any) -> str:
    marks = [_("demo")] if business.is_demo else []
    marks += [] if business.is_active else [_("not in use")]
    return f"{business.name} ({', '.join(marks)})" if marks else str(business.name)


class UserForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Name"),
        [Length(max=100, message=_l("Take at most 100 characters."))],
        render_kw={"autocomplete": "off"},
    )
    role = RadioField(_l("Role"), choices=ROLE_CHOICES, default="SELLER", validate_choice=False)
    businesses = BusinessesField(_l("Businesses"), validate_choice=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.businesses.choose_from_all()

    def validate_role(self, field: Field) -> None:
        if field.data not in EVERY_ROLE:
            raise ValidationError(_("Choose one of the roles."))

    def validate_businesses(self, field: Field) -> None:
        if not set(field.data or ()) <= {choice.value for choice in field.choices}:
            raise ValidationError(_("One of these businesses does not exist any more."))


class InviteForm(UserForm):
    email = EmailField(
        _l("Email"),
        [InputRequired(_l("Enter an email address.")), Length(max=LONGEST)],
        render_kw={"autocomplete": "off", **EMAIL_KEYS},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Tick the business where there is only one: it is the one that is meant."""
        super().__init__(*args, **kwargs)
        if len(self.businesses.choices) == 1 and not self.is_submitted():
            self.businesses.data = [self.businesses.choices[0].value]

    def validate_businesses(self, field: Field) -> None:
        super().validate_businesses(field)
        if field.choices and not field.data and self.role.data != "ADMIN":
            raise ValidationError(_("Choose at least one: without it they would see nothing."))

    def validate_email(self, field: Field) -> None:
        if not is_email((field.data or "").strip()):
            raise ValidationError(
                _("This is not an email address. One looks like ann@example.org.")
            )
