"""A mismatch as a line of the page, the files and the command."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from wifiapp.analytics.check_queries import Mismatch
from wifiapp.analytics.check_rows import select_rows

COLUMNS = (
    *("periodType", "periodStart", "periodEnd", "business", "businessId", "system", "measure"),
    *("rolledUp", "counted", "against", "rows"),
)
KINDS = {"hour": _l("Hour"), "day": _l("Day"), "week": _l("Week"), "month": _l("Month")}
MEASURES = {
    "uniqueDevices": _l("Devices"),
    "totalConnections": _l("Connections"),
    "avgConnectionDuration": _l("Minutes of a connection"),
    "tokensGenerated": _l("Tokens made"),
    "tokensSold": _l("Tokens sold"),
    "tokensUsed": _l("Tokens used"),
    "tokensExpired": _l("Tokens expired"),
    "totalRevenue": _l("Revenue"),
    "esp32Revenue": _l("Revenue of ESP32"),
    "r710Revenue": _l("Revenue of R710"),
    "totalBandwidthDown": _l("MB down"),
    "totalBandwidthUp": _l("MB up"),
    "deviceTypeStats": _l("Types of devices"),
    "periodEnd": _l("The period itself"),
}
AGAINST = {
    "raw": _l("the raw rows"),
    "types": _l("the raw rows"),
    "hours": _l("its hours"),
    "sales": _l("the sales page"),
    "calendar": _l("the calendar"),
}


def exported(it: Mismatch, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of COLUMNS; without a business it is of all of them."""
    return {
        "periodType": it.kind,
        "periodStart": it.start,
        "periodEnd": it.end,
        "business": names[it.scope] if it.scope else None,
        "businessId": it.scope or None,
        "system": it.system,
        "measure": it.measure,
        "rolledUp": it.says,
        "counted": it.counted,
        "against": it.against,
        "rows": select_rows(it),
    }
