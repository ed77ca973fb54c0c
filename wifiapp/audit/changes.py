"""What an entry of the audit log says was changed."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from wifiapp.formats import NOTHING


class Line(NamedTuple):
    """One thing that an entry tells: `before` is None unless a value took the place of another."""

    name: str
    before: str | None
    value: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what differs, as `{"role": {"from": "SELLER", "to": "MANAGER"}}`."""
    return {
        name: {"from": before.get(name), "to": value}
        for name, value in after.items()
        if before.get(name) != value
    }


def lines(change: Mapping[str, Any] | None) -> list[Line]:
    """Return a change as lines for people, without what was left empty."""
    return [_line(name, value) for name, value in (change or {}).items() if not _empty(value)]


def _line(name: str, value: Any) -> Line:
    label = words(name)
    if isinstance(value, Mapping) and value.keys() == {"from", "to"}:
        return Line(label, _text(value["from"]), _text(value["to"]))
    return Line(label, None, _text(value))


def words(name: str) -> str:
    """Write `sign_in_failed` or `soldBy` as words."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in name)
    return " ".join(spaced.replace("_", " ").replace(".", " ").split()).capitalize()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _empty(value):
        return NOTHING
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, (str, int, float)) for each in value):
        return ", ".join(str(each) for each in value)
    return json.dumps(value, ensure_ascii=False)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
