"""The audit log's page."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from wifiapp import exports
from wifiapp.access import allow
from wifiapp.audit import changes, queries
from wifiapp.audit.forms import AuditFilter, words_of_action
from wifiapp.businesses.queries import zone_of
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
    form, zone = _filter()
    page = queries.list_entries(form.wanted(zone), request.args.get("after"))
    here: dict[str, Any] = {k: v for k, v in request.args.items() if v and k != "after"}
    return render_template(
        "audit/index.html",
        form=form,
        page=page,
        here=here,
        tz=zone,
        lines=changes.lines,
        words=changes.words,
        words_of_action=words_of_action,
        next_url=url_for("audit.index", **here, after=page.after) if page.after else None,
    )


@bp.get("/audit.<any(csv, json):kind>")
@allow("ADMIN")
def export(kind: str) -> ResponseReturnValue:
    """Answer with every entry of the view; a filter that cannot be used is refused, not ignored."""
    form, zone = _filter()
    if form.errors:
        abort(400, " ".join(str(each) for errors in form.errors.values() for each in errors))
    rows = (_row(entry) for entry in queries.stream_entries(form.wanted(zone)))
    if kind == "json":
        return exports.as_json("audit", COLUMNS, rows)
    return exports.as_csv("audit", COLUMNS, _with_text(rows))


def _filter() -> tuple[AuditFilter, str]:
    """Return the checked filters and the zone that their days are in."""
    form = AuditFilter(request.args)
    form.validate()
    return form, zone_of(current_viewer(), form.business.data)


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
