"""What a person gives to bring in codes."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Field, HiddenField, SelectChoice, SelectField
from wtforms.validators import ValidationError

from wifiapp.access import Viewer
from wifiapp.tokens.batches_forms import ManualHotspotField
from wifiapp.tokens.imports import LARGEST
from wifiapp.tokens.plans_queries import list_plans


class ImportForm(FlaskForm):  # type: ignore[misc]
    """A file to look at, or its lines once more when they were looked at and are confirmed."""

    plan = SelectField(
        _l("Plan"),
        description=_l("Of the lines that name none. It also says for which business."),
        validate_choice=False,
    )
    hotspot = ManualHotspotField(_l("Hotspot"))
    file = FileField(_l("CSV file"), render_kw={"accept": ".csv,.txt,text/csv,text/plain"})
    lines = HiddenField()

    def __init__(self, viewer: Viewer, **options: Any) -> None:
        super().__init__(**options)
        self.plan.choices = [
            SelectChoice(plan.id, plan.name, optgroup=f"{business.name} · {plan.system}")
            for plan, business, _stock in list_plans(viewer, active_only=True)
        ]
        self.hotspot.offer(viewer, _("The manual one of the plan's business and system"))

    @property
    def is_confirmed(self) -> bool:
        """Tell whether these are lines that the person has looked at."""
        return bool(self.lines.data)

    @property
    def content(self) -> bytes:
        """Return the file, or the lines that were looked at."""
        if self.is_confirmed:
            return str(self.lines.data).encode()
        content: bytes = self.file.data.read(LARGEST + 1) if self.file.data else b""
        return content

    def validate_plan(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of the plans."))

    def validate_file(self, field: Field) -> None:
        if not self.is_confirmed and not field.data:
            raise ValidationError(_("Choose a file."))
