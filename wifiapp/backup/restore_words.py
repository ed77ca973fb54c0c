"""What a restore would change, said in the words of the shop."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from wifiapp.formats import count, day, money

Say = Callable[[int], str]
# In the order in which people care. Any other table counts as "other rows".
ROWS: dict[str, Say] = {
    "wifi_token_sales": lambda n: ngettext("%(count)s sale", "%(count)s sales", n, count=count(n)),
    "wifi_tokens": lambda n: ngettext("%(count)s token", "%(count)s tokens", n, count=count(n)),
    "wifi_token_devices": lambda n: ngettext(
        "%(count)s device", "%(count)s devices", n, count=count(n)
    ),
    "token_configurations": lambda n: ngettext(
        "%(count)s plan", "%(count)s plans", n, count=count(n)
    ),
    "hotspots": lambda n: ngettext("%(count)s hotspot", "%(count)s hotspots", n, count=count(n)),
    "businesses": lambda n: ngettext(
        "%(count)s business", "%(count)s businesses", n, count=count(n)
    ),
    "users": lambda n: ngettext("%(count)s user", "%(count)s users", n, count=count(n)),
}
TABLES = {
    "wifi_token_sales": _l("Sales"),
    "wifi_tokens": _l("Tokens"),
    "wifi_token_devices": _l("Devices"),
    "token_configurations": _l("Plans"),
    "token_batches": _l("Batches of tokens"),
    "hotspots": _l("Hotspots"),
    "hotspot_commands": _l("Commands to hotspots"),
    "hotspot_businesses": _l("Hotspots of businesses"),
    "hotspot_outages": _l("Outages of hotspots"),
    "businesses": _l("Businesses"),
    "memberships": _l("Members of businesses"),
    "users": _l("Users"),
    "device_profiles": _l("Device profiles"),
    "device_blocks": _l("Blocked devices"),
    "device_sessions": _l("Device sessions"),
    "token_usage": _l("Volumes of tokens"),
    "wifi_usage_analytics": _l("Analytics"),
    "rollup_marks": _l("Changes for the analytics"),
    "rollup_states": _l("Progress of the analytics"),
    "payment_methods": _l("Payment methods"),
    "day_closings": _l("Closings of days"),
    "day_closing_sums": _l("Sums of closed days"),
    "api_keys": _l("Keys of tills"),
    "presence_keys": _l("Keys of portals"),
    "audit_logs": _l("Audit log"),
    "settings": _l("Settings"),
}
DERIVED = {"rollup_marks", "rollup_states", "wifi_usage_analytics"}  # worked out from the others
REASONS = {
    "business data": _l("business data"),
    "demo data": _l("demo data"),
}


def back_to(moment: datetime, zone: str) -> str:
    """Write the moment of an archive as "Sun 22 Nov 2026, 09:00"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M}"


def table_name(name: str) -> str:
    """Name a table as the pages do; one that they do not show by its own name."""
    return str(TABLES.get(name, name))


def lost(preview: Mapping[str, Any]) -> str:
    """List what was added since: "47 sales (USD 61.50), 12 tokens and 9 devices", "" for none."""
    return _listed(preview["tables"], "lost", preview["money"])


def coming_back(preview: Mapping[str, Any]) -> str:
    """List what was deleted since and comes back, "" for none."""
    return _listed(preview["tables"], "back")


def left_out(preview: Mapping[str, Any]) -> str:
    """List what is here now and not meant to be in such an archive, "" for none."""
    return _listed(preview["tables"], "left_out")


def changed(preview: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tables of which rows go or come, those that lose most first."""
    tables = [each for each in preview["tables"] if _goes(each) or each["back"]]
    return sorted(tables, key=lambda table: (-_goes(table), -table["back"]))


def unchanged(preview: Mapping[str, Any]) -> str:
    """Name the other tables that hold anything, "" for none."""
    tables = [each for each in preview["tables"] if each["now"] and each not in changed(preview)]
    return joined(f"{table_name(each['name'])} ({count(each['now'])})" for each in tables)


def _goes(table: Mapping[str, Any]) -> int:
    return int(table["lost"]) + int(table["left_out"])


def reasons(preview: Mapping[str, Any]) -> str:
    """Name what the archive's options leave out, "" for none; the audit log goes on anyway."""
    found = preview["left_out"].values()
    said = [each for each in dict.fromkeys(found) if each != "audit logs"]
    return joined(str(REASONS.get(each, each)) for each in said)


def joined(parts: Iterable[str]) -> str:
    """Write "a, b and c"."""
    *first, last = [*parts] or [""]
    return _("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last


def _listed(
    tables: Iterable[Mapping[str, Any]], what: str, sums: Iterable[Mapping[str, Any]] = ()
) -> str:
    numbers = {each["name"]: int(each[what]) for each in tables if each["name"] not in DERIVED}
    parts = []
    for name, say in ROWS.items():
        number = numbers.pop(name, 0)
        if number:
            parts.append(say(number) + (_in_money(sums) if name == "wifi_token_sales" else ""))
    others = sum(numbers.values())
    if others:
        parts.append(
            ngettext("%(count)s other row", "%(count)s other rows", others, count=count(others))
        )
    return joined(parts)


def _in_money(sums: Iterable[Mapping[str, Any]]) -> str:
    amounts = [money(Decimal(each["amount"]), each["currency"]) for each in sums]
    return f" ({joined(amounts)})" if amounts else ""
