"""The filters of the device list."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice
from wtforms.validators import ValidationError

from wifiapp.columns import SYSTEMS
from wifiapp.devices import hints, search
from wifiapp.devices.queries import Wanted
from wifiapp.filters import ChoiceField, FilterForm, SearchField

ALL = "all"


class DeviceFilters(FilterForm):
    q = SearchField(_l("Search"))
    status = ChoiceField(
        _l("Status"),
        _l("There is no such status. These are the devices online."),
        SelectChoice("online", _l("Online")),
        SelectChoice("offline", _l("Offline")),
        SelectChoice("unknown", _l("Unknown")),
        SelectChoice(ALL, _l("All")),
        default="online",
    )
    system = ChoiceField(
        _l("System"),
        _l("There is no such system. These are the devices of both."),
        SelectChoice("", _l("Both systems")),
        *(SelectChoice(system, system) for system in SYSTEMS),
    )
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the devices of all."),
        SelectChoice("", _l("All businesses")),
    )
    hotspot = ChoiceField(
        _l("Hotspot"),
        _l("There is no such hotspot. These are the devices of all."),
        SelectChoice("", _l("All hotspots")),
    )

    hint = ChoiceField(
        _l("Hint"),
        _l("There is no such hint. These are the devices without one, too."),
        SelectChoice("", _l("All devices")),
        SelectChoice(hints.PAST_EXPIRY, _l("Online past expiry")),
        SelectChoice(hints.TOO_MANY, _l("More devices than allowed")),
        SelectChoice(hints.MANY_TOKENS, _l("Many tokens from one address")),
    )

    def validate_q(self, field: Any) -> None:
        try:
            self.found = search.parse(field.data) if field.data else None
        except search.NoCodeError:
            raise ValidationError(
                _("Add the code after the word, such as “voucher A3K9M7P2”.")
            ) from None
        except search.NotAnAddressError:
            raise ValidationError(
                _("This is not a MAC address (0 to 9, A to F) or an IP address, nor a part of one.")
            ) from None

    @property
    def wanted(self) -> Wanted:
        """Return the devices to show."""
        status = self.value("status")
        return Wanted(
            state="" if status == ALL else status.upper(),
            system=self.value("system"),
            business_id=self.value("business"),
            hotspot_id=self.value("hotspot"),
            search=None if self.q.errors else self.found,
            hint=self.value("hint"),
        )


class OnlineFilters(FilterForm):
    """Which hours of whose devices."""

    period = ChoiceField(
        _l("Period"),
        _l("There is no such period. This is the last day."),
        SelectChoice("day", _l("The last 24 hours")),
        SelectChoice("week", _l("The last 7 days")),
        default="day",
    )
    business = ChoiceField(
        _l("Business"),
        _l("There is no such business. These are the devices of all."),
        SelectChoice("", _l("All businesses")),
    )
    hotspot = ChoiceField(
        _l("Hotspot"),
        _l("There is no such hotspot. These are the devices of all."),
        SelectChoice("", _l("All hotspots")),
    )
