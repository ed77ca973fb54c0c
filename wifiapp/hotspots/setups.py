"""What a person decides about a hotspot, and what of it will not do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask_babel import gettext as _

from wifiapp.hotspots.addresses import BadAddress, parse
from wifiapp.hotspots.driver import Capabilities, Network

LONGEST_NAME = 60
LONGEST_USERNAME = 64
LONGEST_SSID = 32  # bytes, as the standard counts
SHORTEST_INTERVAL, LONGEST_INTERVAL = 10, 3600  # seconds


@dataclass(frozen=True)
class Setup:
    """A hotspot as it should be; `served` are SSIDs (None: whichever it has) by business id."""

    name: str
    address: str
    username: str | None = None
    poll_interval: int = 30
    served: Mapping[str, str | None] = field(default_factory=dict)


def problems(setup: Setup, can: Capabilities) -> dict[str, str]:
    """Return what is wrong, as messages by field; an SSID's field is `ssid:` and the business."""
    found = {}
    if not 1 <= len(setup.name) <= LONGEST_NAME:
        found["name"] = _("A hotspot needs a name of 1 to %(most)s characters.", most=LONGEST_NAME)
    try:
        parse(setup.address)
    except BadAddress as error:
        found["address"] = str(error)
    if can.needs_username and not setup.username:
        found["username"] = _("Enter the user name that you sign in to it with.")
    if setup.username and len(setup.username) > LONGEST_USERNAME:
        found["username"] = _("Take at most %(most)s characters.", most=LONGEST_USERNAME)
    if not SHORTEST_INTERVAL <= setup.poll_interval <= LONGEST_INTERVAL:
        found["poll_interval"] = _(
            "Ask it every %(least)s to %(most)s seconds.",
            least=SHORTEST_INTERVAL,
            most=LONGEST_INTERVAL,
        )
    if not setup.served:
        found["served"] = _("Choose at least one business that it serves.")
    for business_id, ssid in setup.served.items():
        if can.needs_ssid and not ssid:
            found[f"ssid:{business_id}"] = _("Name the network that its guests are on.")
        elif ssid and len(ssid.encode()) > LONGEST_SSID:
            found[f"ssid:{business_id}"] = _("A network's name has at most 32 characters.")
    return found


def unknown_networks(setup: Setup, networks: Iterable[Network]) -> dict[str, str]:
    """Return a message for each SSID that a box with these networks has not; none: not known."""
    known = sorted({each.ssid for each in networks if each.is_guest})
    message = _("It has no guest network of this name, but: %(names)s.", names=", ".join(known))
    wrong = (key for key, ssid in setup.served.items() if ssid and ssid not in known)
    return {f"ssid:{key}": message for key in wrong} if known else {}
