"""What a person types about the stock of a plan that is kept."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField
from wtforms.validators import Optional, ValidationError

from wifiapp.tokens.plans_forms import NumberField


class StockForm(FlaskForm):  # type: ignore[misc]
    """Where tokens of a plan are made, and how many of them are kept ready."""

    hotspot = SelectField(_l("Made by"), validate_choice=False)
    min_stock = NumberField(_l("Keep at least"), Optional())
    refill_to = NumberField(_l("Fill up to"), Optional())

    def __init__(self, devices: Sequence[Any], **options: Any) -> None:
        super().__init__(**options)
        is_one = len(devices) == 1
        only = _("The only one: %(name)s", name=devices[0].name) if is_one else ""
        self.hotspot.choices = [
            SelectChoice("", only or _("Chosen each time")),
            *(SelectChoice(each.id, each.name) for each in devices),
        ]

    def validate_hotspot(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("This hotspot cannot make its tokens. Choose one of these."))

    def show(self, found: Mapping[str, str]) -> None:
        """Put messages beside the fields that they are about."""
        for name, message in found.items():
            self[name].errors = [message]

    @staticmethod
    def written(plan: Any) -> dict[str, Any]:
        """Return what is kept of a plan as the fields show it."""
        return {
            "hotspot": plan.hotspot_id or "",
            "min_stock": plan.min_stock,
            "refill_to": plan.refill_to,
        }
