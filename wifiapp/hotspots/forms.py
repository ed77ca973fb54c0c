"""What a person types about a manual hotspot, and the filters of the list."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from wifiapp.access import Viewer
from wifiapp.businesses.queries import list_businesses
from wifiapp.columns import SYSTEMS
from wifiapp.filters import ChoiceField, FilterForm, SearchField
from wifiapp.formats import state_of
from wifiapp.hotspots.list_queries import STATES, Wanted


class ManualHotspotForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a name.")),
            Length(max=60, message=_l("Take at most 60 characters.")),
        ],
        description=_l("Where it stands, such as “Counter”."),
        render_kw={"autocomplete": "off"},
        filters=[lambda text: " ".join((text or "").split())],
    )
    business = SelectField(_l("Business"), validate_choice=False)
    system = SelectField(
        _l("System"),
        choices=[SelectChoice(system, system) for system in SYSTEMS],
        validate_choice=False,
    )

    def __init__(self, viewer: Viewer, **options: Any) -> None:
        super().__init__(**options)
        self.business.choices = [
            SelectChoice(each.id, each.name) for each in list_businesses(viewer) if each.is_active
        ]

    def validate_business(self, field: Field) -> None:
        if field.data not in {choice.value for choice in field.choices}:
            raise ValidationError(_("Choose one of your businesses."))

    def validate_system(self, field: Field) -> None:
        if field.data not in SYSTEMS:
            raise ValidationError(_("Choose one of the systems."))


class HotspotFilters(FilterForm):
    q = SearchField(_l("Search"))
    state = ChoiceField(
        _l("State"),
        _l("There is no such state. These are the hotspots in all."),
        SelectChoice("", _l("All states")),
        *(SelectChoice(state.lower(), state_of(state).label) for state in STATES),
    )
    system = ChoiceField(
        _l("System"),
        _l("There is no such system. These are the hotspots of both."),
        SelectChoice("", _l("Both systems")),
        *(SelectChoice(system, system) for system in SYSTEMS),
    )
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the hotspots of all."),
        SelectChoice("", _l("All businesses")),
    )

    @property
    def wanted(self) -> Wanted:
        """Return the hotspots to show."""
        return Wanted(
            text=self.value("q") or "",
            state=self.value("state").upper(),
            system=self.value("system"),
            business_id=self.value("business"),
        )
