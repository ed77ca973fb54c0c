"""What a person types about a plan."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, Field, IntegerField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Optional, ValidationError

from wifiapp.access import Viewer
from wifiapp.businesses.queries import list_businesses
from wifiapp.columns import SYSTEMS
from wifiapp.tokens.durations import MINUTES, split
from wifiapp.tokens.limits import Terms, problems

# The fields that show what `limits.problems` finds, by the name of the term.
FIELDS = {
    "name": "name",
    "minutes": "duration",
    "price": "price",
    "download_mb": "download_mb",
    "upload_mb": "upload_mb",
    "devices": "devices",
}
DIGITS = {"inputmode": "numeric", "autocomplete": "off"}
WHOLE = _l("Enter a whole number.")
LARGEST = 2**31 - 1


class NumberField(IntegerField):  # type: ignore[misc]
    """A whole number that a column can hold."""

    def __init__(self, label: str, *validators: Any, **options: Any) -> None:
        options = {"render_kw": DIGITS, "widget": StringField.widget} | options
        super().__init__(label, [*validators], **options)

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.data = None
        try:
            number = int(valuelist[0].strip())
        except ValueError:
            raise ValueError(WHOLE) from None
        if abs(number) > LARGEST:
            raise ValueError(_("This number is too large."))
        self.data = number


class PlanForm(FlaskForm):  # type: ignore[misc]
    """The terms of a plan; its system is given to `check` when it cannot be chosen any more."""

    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name."))],
        description=_l("As the customer reads it, such as “3 hours”."),
        render_kw={"autocomplete": "off"},
        filters=[lambda text: " ".join((text or "").split())],
    )
    duration = NumberField(_l("Time"), InputRequired(WHOLE))
    unit = SelectField(
        _l("Counted in"),
        choices=[
            SelectChoice("minute", _l("Minutes")),
            SelectChoice("hour", _l("Hours")),
            SelectChoice("day", _l("Days")),
            SelectChoice("week", _l("Weeks")),
        ],
        default="hour",
        validate_choice=False,
    )
    price = DecimalField(
        _l("Price"),
        [InputRequired(_l("Enter a price such as 1.50; 0 for a free plan."))],
        places=2,
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    download_mb = NumberField(_l("Download, MB"), Optional())
    upload_mb = NumberField(_l("Upload, MB"), Optional())
    devices = NumberField(_l("Devices at a time"), InputRequired(WHOLE), default=1)

    def validate_unit(self, field: Field) -> None:
        if field.data not in MINUTES:
            raise ValidationError(_("Choose one of the units."))

    def check(self, system: str) -> bool:
        """Validate, also against what the system can do."""
        if not self.validate():
            return False
        self.show(problems(system, self.terms()))
        return not self.errors

    def show(self, found: dict[str, str]) -> None:
        """Put messages beside the fields that they are about."""
        for term, message in found.items():
            self[FIELDS.get(term, term)].errors = [message]

    def terms(self) -> Terms:
        """Return the terms of a form that was validated."""
        return Terms(
            name=self.name.data or "",
            minutes=(self.duration.data or 0) * MINUTES[self.unit.data],
            price=self.price.data if self.price.data is not None else Decimal(0),
            download_mb=self.download_mb.data,
            upload_mb=self.upload_mb.data,
            devices=self.devices.data or 0,
        )

    @staticmethod
    def written(plan: Any) -> dict[str, Any]:
        """Return the terms of a plan as the fields show them."""
        number, unit = split(plan.duration_minutes)
        return {
            "name": plan.name,
            "duration": number,
            "unit": unit,
            "price": plan.price,
            "download_mb": plan.download_mb,
            "upload_mb": plan.upload_mb,
            "devices": plan.device_limit,
        }


class NewPlanForm(PlanForm):
    """A plan with its business and system, which stay as they are ever after."""

    business = SelectField(_l("Business"), validate_choice=False)
    system = SelectField(
        _l("System"),
        choices=[SelectChoice(system, system) for system in SYSTEMS],
        validate_choice=False,
    )

    def __init__(self, viewer: Viewer, **options: Any) -> None:
        super().__init__(**options)
        self.business.choices = [
            SelectChoice(each.id, f"{each.name} · {each.currency}")
            for each in list_businesses(viewer)
            if each.is_active
        ]

    def validate_business(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of your businesses."))

    def validate_system(self, field: Field) -> None:
        if field.data not in SYSTEMS:
            raise ValidationError(_("Choose one of the systems."))
