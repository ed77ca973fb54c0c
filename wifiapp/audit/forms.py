"""The filters of the audit log, as they stand in the query string."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, SearchField, SelectField, ValidationError
from wtforms.validators import Length, Optional

from wifiapp.audit import queries
from wifiapp.audit.changes import words
from wifiapp.businesses import queries as businesses

FIRST_YEAR, LAST_YEAR = 2000, 2100


class DayField(DateField):  # type: ignore[misc]
    """A day, or nothing."""

    data: date | None

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, [Optional()], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("This is not a day. One looks like 2026-11-22.")) from error
        if self.data and not FIRST_YEAR <= self.data.year <= LAST_YEAR:
            self.data = None
            raise ValueError(_("Take a day between 2000 and 2100."))


class AuditFilter(FlaskForm):  # type: ignore[misc]
    class Meta:
        csrf = False  # it only reads

    q = SearchField(_l("Who, what or where from"), [Length(max=200)])
    action = SelectField(_l("Action"), validate_choice=False)
    entity = SelectField(_l("Kind"), validate_choice=False)
    business = SelectField(_l("Business"), validate_choice=False)
    since = DayField(_l("From"), name="from")
    until = DayField(_l("To"), name="to")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.action.choices = _choices((a, words_of_action(a)) for a in queries.list_actions())
        self.entity.choices = _choices((e, words(e)) for e in queries.list_entities())
        self.business.choices = _choices((b.id, b.name) for b in businesses.list_businesses())

    def validate_action(self, field: Field) -> None:
        _must_be_a_choice(field, _("No entry has this action."))

    def validate_entity(self, field: Field) -> None:
        _must_be_a_choice(field, _("No entry is about this."))

    def validate_business(self, field: Field) -> None:
        _must_be_a_choice(field, _("There is no such business."))

    def validate_until(self, field: Field) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("This day is before the one in “From”."))

    def wanted(self, zone: str) -> queries.Wanted:
        """Return what was asked for, without the fields that cannot be used; days in the zone."""

        def usable(field: Field) -> Any:
            return None if field.errors else field.data

        until: date | None = usable(self.until)
        return queries.Wanted(
            text=(usable(self.q) or "").strip(),
            action=usable(self.action) or "",
            entity=usable(self.entity) or "",
            business_id=usable(self.business) or "",
            since=_midnight(usable(self.since), zone),
            until=_midnight(until + timedelta(days=1) if until else None, zone),
        )


def words_of_action(action: str) -> str:
    """Write `user.sign_in_failed` as "User: sign in failed"."""
    entity, _dot, verb = action.partition(".")
    return f"{words(entity)}: {words(verb).lower()}" if verb else words(entity)


def _choices(found: Any) -> list[tuple[str, str]]:
    return [("", _("All")), *found]


def _must_be_a_choice(field: Field, message: str) -> None:
    if field.data and field.data not in {value for value, _label in field.choices}:
        raise ValidationError(message)


def _midnight(day: date | None, zone: str) -> datetime | None:
    return datetime.combine(day, time.min, ZoneInfo(zone)) if day else None
