"""The audit log's page."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from wifiapp import exports
from wifiapp.access import allow
from wifiapp.audit import changes, queries
from wifiapp.audit.forms import AuditFilters, words_of_action
from wifiapp.businesses import queries as businesses
from wifiapp.lists import asked_page
from wifiapp.web import current_viewer

bp = Blueprint("audit", __name__)

COLUMNS = (
    "at",
    "user",
    "action",
    "entity",
    "entityId",
    "business",
    "ip",
    "requestId",
    "change",
)


@bp.get("/audit")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    form, zone = _filters()
    return render_template(
        "audit/index.html",
        form=form,
        **asked_page(lambda after: queries.list_entries(form.wanted(zone), after)),
        here=form.applied,
        tz=zone,
        lines=changes.lines,
        words_of_action=words_of_action,
    )


@bp.get("/audit.<any(csv, json):kind>")
@allow("ADMIN")
def export(kind: str) -> ResponseReturnValue:
    """Answer with every entry of the view; a filter that cannot be used is refused, not ignored."""
    form, zone = _filters()
    form.refuse_errors()
    rows = (_row(entry) for entry in queries.stream_entries(form.wanted(zone)))
    return exports.as_file(kind, "audit", COLUMNS, _with_text(rows) if kind == "csv" else rows)


def _filters() -> tuple[AuditFilters, str]:
    """Return the checked filters and the zone that their days are in."""
    viewer = current_viewer()
    form = AuditFilters(
        request.args,
        action=[(each, words_of_action(each)) for each in queries.list_actions()],
        entity=[(each, changes.words(each)) for each in queries.list_entities()],
        business=[(each.id, each.name) for each in businesses.list_businesses(viewer)],
    )
    return form, businesses.zone_of(viewer, form.value("business"))


def _row(entry: Any) -> dict[str, Any]:
    values = (
        entry.at,
        entry.user_email,
        entry.action,
        entry.entity,
        entry.entity_id,
        entry.business or entry.business_id,
        entry.ip,
        entry.request_id,
        entry.change,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _with_text(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Write each change as JSON text, for a cell."""
    for row in rows:
        change = row["change"]
        yield row | {"change": change and json.dumps(change, ensure_ascii=False)}
