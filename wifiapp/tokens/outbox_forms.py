"""The filters of what hotspots are to be told."""

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectChoice

from wifiapp.access import Viewer
from wifiapp.businesses.queries import list_businesses
from wifiapp.filters import ChoiceField, FilterForm
from wifiapp.hotspots.queries import list_hotspots
from wifiapp.tokens.outbox_queries import Wanted

# What people call a state -> what the column holds.
STATES = {
    "waiting": ("PENDING", _l("Waiting")),
    "done": ("DONE", _l("Done")),
    "failed": ("FAILED", _l("Failed")),
    "cancelled": ("CANCELLED", _l("Cancelled")),
}


class CommandFilters(FilterForm):
    state = ChoiceField(
        _l("State"),
        _l("There is no such state. These are the commands of all."),
        SelectChoice("", _l("All states")),
        *(SelectChoice(name, label) for name, (_status, label) in STATES.items()),
    )
    hotspot = ChoiceField(
        _l("Hotspot"),
        _l("There is no such hotspot. These are the commands to all."),
        SelectChoice("", _l("All hotspots")),
    )
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the commands of all."),
        SelectChoice("", _l("All businesses")),
    )

    def __init__(self, args: MultiDict[str, str], viewer: Viewer) -> None:
        """Read the query string and offer what the viewer may see."""
        super().__init__(
            args,
            hotspot=[(each.hotspot.id, each.hotspot.name) for each in list_hotspots(viewer)],
            business=[(each.id, each.name) for each in list_businesses(viewer)],
        )

    @property
    def wanted(self) -> Wanted:
        """Return the commands to show."""
        state = self.value("state")
        return Wanted(
            status=STATES[state][0] if state else "",
            hotspot_id=self.value("hotspot"),
            business_id=self.value("business"),
        )
