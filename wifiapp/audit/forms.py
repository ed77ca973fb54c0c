"""The filters of the audit log, as they stand in the query string."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, ValidationError

from wifiapp.audit.changes import words
from wifiapp.audit.queries import Wanted
from wifiapp.filters import ChoiceField, DayField, FilterForm, SearchField


class AuditFilters(FilterForm):
    q = SearchField(_l("Who, what or where from"))
    action = ChoiceField(
        _l("Action"),
        _l("There is no such action in the log. These are all actions."),
        SelectChoice("", _l("All actions")),
    )
    entity = ChoiceField(
        _l("Kind"),
        _l("There is nothing of this kind in the log. These are all kinds."),
        SelectChoice("", _l("All kinds")),
    )
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the entries of all."),
        SelectChoice("", _l("All businesses")),
    )
    since = DayField(_l("From"), name="from")
    until = DayField(_l("To"), name="to")

    def validate_until(self, field: Any) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("This day is before the first one."))

    def wanted(self, zone: str) -> Wanted:
        """Return the entries to show; the days are those of the zone."""
        until: date | None = self.value("until")
        return Wanted(
            text=self.value("q") or "",
            action=self.value("action"),
            entity=self.value("entity"),
            business_id=self.value("business"),
            since=_midnight(self.value("since"), zone),
            until=_midnight(until + timedelta(days=1) if until else None, zone),
        )


def words_of_action(action: str) -> str:
    """Write `user.sign_in_failed` as "User: sign in failed"."""
    entity, _dot, verb = action.partition(".")
    return f"{words(entity)}: {words(verb).lower()}" if verb else words(entity)


def _midnight(day: date | None, zone: str) -> datetime | None:
    return datetime.combine(day, time.min, ZoneInfo(zone)) if day else None
