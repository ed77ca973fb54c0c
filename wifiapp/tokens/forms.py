"""The filters of the token list, and what a person types to end tokens."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from wifiapp import formats
from wifiapp.access import Viewer
from wifiapp.businesses.queries import list_businesses
from wifiapp.columns import SYSTEMS
from wifiapp.filters import ChoiceField, FilterForm, SearchField
from wifiapp.hotspots.queries import list_hotspots
from wifiapp.tokens.batches_queries import list_recent
from wifiapp.tokens.plans_queries import list_plans
from wifiapp.tokens.queries import Wanted
from wifiapp.tokens.words import code_after_word

# What people call a state -> what the column holds.
STATES = {
    "available": "UNUSED",
    "sold": "SOLD",
    "active": "ACTIVE",
    "expired": "EXPIRED",
    "disabled": "DISABLED",
}
NAMES = {status: name for name, status in STATES.items()}


class TokenFilters(FilterForm):
    q = SearchField(_l("Search"))
    state = ChoiceField(
        _l("State"),
        _l("There is no such state. These are the tokens of all."),
        SelectChoice("", _l("All states")),
        *(SelectChoice(name, formats.STATES[name].label) for name in STATES),
    )
    plan = ChoiceField(
        _l("Plan"),
        _l("There is no such plan. These are the tokens of all."),
        SelectChoice("", _l("All plans")),
    )
    hotspot = ChoiceField(
        _l("Hotspot"),
        _l("There is no such hotspot. These are the tokens of all."),
        SelectChoice("", _l("All hotspots")),
    )
    system = ChoiceField(
        _l("System"),
        _l("There is no such system. These are the tokens of both."),
        SelectChoice("", _l("Both systems")),
        *(SelectChoice(system, system) for system in SYSTEMS),
    )
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the tokens of all."),
        SelectChoice("", _l("All businesses")),
    )
    batch = ChoiceField(
        _l("Batch"),
        _l("There is no such batch. These are the tokens of all."),
        SelectChoice("", _l("All batches")),
    )

    def __init__(self, args: MultiDict[str, str], viewer: Viewer) -> None:
        """Read the query string and offer what the viewer may see."""
        shops = list_businesses(viewer)
        zones = {each.id: each.timezone for each in shops}
        one = len(shops) == 1
        super().__init__(
            args,
            plan=[
                (plan.id, plan.name if one else f"{plan.name} · {business.name}")
                for plan, business, _stock in list_plans(viewer)
            ],
            hotspot=[(each.hotspot.id, each.hotspot.name) for each in list_hotspots(viewer)],
            business=[(each.id, each.name) for each in shops],
            batch=[
                (each.id, _named(each, zones[each.business_id]))
                for each in list_recent(viewer, args.get("batch", ""))
            ],
        )

    def validate_q(self, field: Any) -> None:
        code = code_after_word(field.data or "")
        if code == "":
            raise ValidationError(_("Add the code after the word, such as “voucher A3K9M7P2”."))
        self.code = code or field.data or ""

    @property
    def wanted(self) -> Wanted:
        """Return the tokens to show."""
        return Wanted(
            status=STATES.get(self.value("state"), ""),
            plan_id=self.value("plan"),
            hotspot_id=self.value("hotspot"),
            system=self.value("system"),
            business_id=self.value("business"),
            batch_id=self.value("batch"),
            code="" if self.q.errors else self.code,
        )


class EndForm(FlaskForm):  # type: ignore[misc]
    """Why tokens are disabled or expired; `seen` names what the person was shown."""

    reason = StringField(
        _l("Reason"),
        [
            InputRequired(_l("Enter a reason; it stands on the page of each token.")),
            Length(max=200, message=_l("Take at most 200 characters.")),
        ],
        render_kw={"autocomplete": "off", "maxlength": 200},
        filters=[lambda text: " ".join((text or "").split())],
    )
    seen = HiddenField()


def _named(batch: Any, zone: str) -> str:
    """Return what a batch is known by: when it was asked for, and what."""
    when = formats.brief(batch.created_at, zone)
    return f"{when} · {batch.asked} {batch.plan_name}"
