"""What a person types to have tokens made."""

from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectChoice, SelectField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from wifiapp.access import Viewer
from wifiapp.columns import new_id
from wifiapp.formats import money
from wifiapp.hotspots.queries import list_hotspots
from wifiapp.tokens import durations
from wifiapp.tokens.batches import MOST
from wifiapp.tokens.homes import called_among
from wifiapp.tokens.plans_forms import WHOLE, NumberField
from wifiapp.tokens.plans_queries import list_plans


class ManualHotspotField(SelectField):  # type: ignore[misc]
    """The manual hotspots of the viewer; "" is the one of the plan's business and system."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, **{"default": "", "validate_choice": False} | options)

    def offer(self, viewer: Viewer, first: str) -> None:
        """Offer the viewer's manual hotspots after one that stands for none."""
        found = [
            each
            for each in list_hotspots(viewer)
            if each.hotspot.is_manual and each.hotspot.is_active
        ]
        self.choices = [
            SelectChoice("", first),
            *(
                SelectChoice(
                    each.hotspot.id,
                    " · ".join((each.hotspot.name, *(b.name for b in each.businesses))),
                )
                for each in found
            ),
        ]

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - the interface of WTForms
        if (self.data or "") not in {choice.value for choice in self.choices}:
            raise ValidationError(_("There is no such hotspot any more. Choose one of these."))


class HotspotField(ManualHotspotField):
    """The hotspots of the viewer that are in use, devices first; "" is the plan's own."""

    has_devices = False

    def offer(self, viewer: Viewer, first: str) -> None:
        """Offer the viewer's hotspots after one that stands for none."""
        found = [each for each in list_hotspots(viewer) if each.hotspot.is_active]
        called = called_among(each.hotspot.id for each in found)
        shown = [each for each in found if each.hotspot.is_manual or each.hotspot.id in called]
        shown.sort(key=lambda each: each.hotspot.is_manual)
        self.has_devices = any(not each.hotspot.is_manual for each in shown)
        self.choices = [
            SelectChoice("", first),
            *(SelectChoice(each.hotspot.id, _place(each)) for each in shown),
        ]


class MakeForm(FlaskForm):  # type: ignore[misc]
    """A batch to make; `form_id` makes a form that is sent twice one batch."""

    form_id = HiddenField()
    plan = SelectField(_l("Plan"), validate_choice=False)
    count = NumberField(
        _l("How many"),
        InputRequired(WHOLE),
        NumberRange(1, MOST, message=_l("Make 1 to %(most)s at once.", most=f"{MOST:,}")),
        default=50,
    )
    hotspot = HotspotField(_l("Hotspot"))

    def __init__(self, viewer: Viewer, **options: Any) -> None:
        super().__init__(**options)
        self.plan.choices = [
            SelectChoice(
                plan.id, _offer(plan, business), optgroup=f"{business.name} · {plan.system}"
            )
            for plan, business, _stock in list_plans(viewer, active_only=True)
        ]
        self.hotspot.offer(viewer, _("The plan's own"))
        if not self.form_id.data:
            self.form_id.data = new_id()

    def validate_form_id(self, field: Field) -> None:
        """Take a fresh id in the place of one that is none."""
        try:
            UUID(field.data)
        except (TypeError, ValueError):
            field.data = new_id()

    def validate_plan(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of the plans."))


def _place(each: Any) -> str:
    """Write where tokens are made: the hotspot, whom it serves, and how much room it has."""
    it = each.hotspot
    parts = [it.name, *(business.name for business in each.businesses)]
    if it.is_manual:
        parts.append(str(_("codes loaded by hand")))
    elif it.free_slots is not None:
        parts.append(str(_("room for %(count)s", count=f"{it.free_slots:,}")))
    return " · ".join(parts)


def _offer(plan: Any, business: Any) -> str:
    """Write what a plan gives and costs; a name that says the time says it once."""
    lasts = durations.words(plan.duration_minutes)
    parts = [plan.name, lasts, money(plan.price, business.currency)]
    return " · ".join(parts[:1] + parts[2:] if lasts == plan.name else parts)
