"""Whether a token's time can begin anew, in words."""

from typing import Any

from wifiapp.hotspots import drivers
from wifiapp.tokens import homes


def cannot_extend(token: Any) -> str:
    """Return why the time of a token cannot begin anew, "" when it can."""
    able = drivers.CAPABILITIES.get(token.system)
    if able is None or not able.can_extend:
        return (
            f"An {token.system} cannot begin the time of a token anew. Nothing was changed. "
            "Give the customer another one."
        )
    if not homes.is_called(token.hotspot_id):
        return "Its hotspot is not called from here, so its time is counted by hand."
    if token.status != "ACTIVE":
        return "Only a token that is in use can begin anew. Nothing was changed."
    return ""
