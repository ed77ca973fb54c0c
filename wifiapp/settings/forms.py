"""What a person may type on the Settings page."""

from typing import Any
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, IntegerField, SelectField, TimeField
from wtforms.validators import InputRequired, NumberRange, StopValidation

from wifiapp.settings.values import MOST, BackupPlan

REGIONS = (
    *("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian"),
    "Pacific",
)


class _Number(IntegerField):  # type: ignore[misc]
    """A whole number, with words for what is none."""

    def __init__(self, label: Any, lowest: int, **given: Any) -> None:
        said = _l("Type a whole number from %(lowest)s to %(most)s.", lowest=lowest, most=MOST)
        checks = [InputRequired(said), NumberRange(lowest, MOST, said)]
        super().__init__(label, validators=checks, **given)
        self.said = said

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(str(self.said)) from error

    def pre_validate(self, form: Form) -> None:  # noqa: ARG002 - the interface of WTForms
        if self.process_errors:  # said once is enough
            raise StopValidation


class _Time(TimeField):  # type: ignore[misc]
    """A time of the day, with words for what is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(str(_l("Type a time of the day, like 04:00."))) from error


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """All settings at once; the names of a plan's fields are those of `BackupPlan`."""

    zone = SelectField(
        _l("Time zone"),
        description=_l("Where the shop is: days begin and backups are made by its clocks."),
    )
    is_on = BooleanField(
        _l("Make a backup every day"),
        description=_l("The worker makes it. One that was missed is made at the next start."),
    )
    at = _Time(
        _l("At"),
        validators=[InputRequired(_l("Type a time of the day, like 04:00."))],
        description=_l("If the time has passed and there was none for today, it is made at once."),
    )
    audit_logs = BooleanField(_l("With the audit log"))
    demo_data = BooleanField(_l("With demo data"))
    prunes = BooleanField(
        _l("Delete old backups by themselves"),
        description=_l(
            "Only after a new one was proved to restore. Pinned ones never go, nor does one of a "
            "single business or without business data, nor what a restore kept within 7 days."
        ),
    )
    daily = _Number(_l("Days"), 1)
    weekly = _Number(_l("Weeks"), 0)
    monthly = _Number(_l("Months"), 0)

    def __init__(self, zone: str, plan: BackupPlan) -> None:
        super().__init__(data={"zone": zone, **vars(plan)})
        zones = {name for name in available_timezones() if name.split("/")[0] in REGIONS}
        self.zone.choices = ["UTC", *sorted(zones | {zone} - {"UTC"})]

    def plan(self) -> BackupPlan:
        """Return what was chosen for the backups."""
        return BackupPlan(
            is_on=self.is_on.data,
            at=self.at.data,
            audit_logs=self.audit_logs.data,
            demo_data=self.demo_data.data,
            prunes=self.prunes.data,
            daily=self.daily.data,
            weekly=self.weekly.data,
            monthly=self.monthly.data,
        )
