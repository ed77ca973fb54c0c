"""The hotspots' pages."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.businesses.queries import list_businesses, zone_of
from wifiapp.errors import WifiError
from wifiapp.hotspots import list_queries, operations, queries
from wifiapp.hotspots.forms import HotspotFilters, ManualHotspotForm
from wifiapp.lists import asked_page
from wifiapp.live import live_page
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("hotspots", __name__)

COLUMNS = (
    "name",
    "state",
    "system",
    "businesses",
    "address",
    "lastContact",
    "lastError",
    "freeSlots",
    "maxTokens",
    "clockOffset",
    "serial",
    "model",
    "firmware",
    "pollInterval",
    "id",
)


@bp.get("/hotspots")
@allow("ADMIN", "MANAGER")
def index() -> Response:
    viewer, now = current_viewer(), clock.now()
    form = _filters(viewer)
    return live_page(
        "hotspots/index.html",
        "hotspots/_list.html",
        form=form,
        **asked_page(lambda after: list_queries.list_page(viewer, form.wanted, now, after)),
        counts=list_queries.count_states(viewer, form.wanted, now),
        now=now,
        tz=zone_of(viewer, form.value("business")),
    )


@bp.get("/hotspots.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with every row of the view; a filter that cannot be used is refused, not ignored."""
    viewer, now = current_viewer(), clock.now()
    form = _filters(viewer)
    form.refuse_errors()
    rows = (_exported(row) for row in list_queries.stream_hotspots(viewer, form.wanted, now))
    return exports.as_file(kind, "hotspots", COLUMNS, rows, asOf=now)


@bp.route("/hotspots/add-manual", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def add_manual() -> ResponseReturnValue:
    form = ManualHotspotForm(current_viewer())
    if not form.validate_on_submit():
        page = render_template("hotspots/add_manual.html", form=form)
        return page, 422 if form.is_submitted() else 200
    hotspot = operations.add_manual_hotspot(
        current_actor(), form.name.data or "", form.system.data, form.business.data
    )
    flash(_("%(name)s was added. Tokens can be made for it.", name=hotspot.name), "success")
    return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)


@bp.post("/hotspots/<hotspot_id>/deactivate")
@allow("ADMIN", "MANAGER")
def deactivate(hotspot_id: str) -> ResponseReturnValue:
    return _activate(hotspot_id, active=False)


@bp.post("/hotspots/<hotspot_id>/activate")
@allow("ADMIN", "MANAGER")
def activate(hotspot_id: str) -> ResponseReturnValue:
    return _activate(hotspot_id, active=True)


def _activate(hotspot_id: str, *, active: bool) -> ResponseReturnValue:
    hotspot = queries.get_hotspot(hotspot_id, current_viewer())
    if not hotspot.is_manual and current_viewer().role != "ADMIN":
        raise WifiError(_("Only an administrator changes a hotspot that is called."))
    operations.activate_hotspot(current_actor(), hotspot.id, active=active)
    done = (
        _("%(name)s is used for new tokens again.", name=hotspot.name)
        if active
        else _("No new tokens are made for %(name)s. Its tokens stay.", name=hotspot.name)
    )
    flash(done, "success")
    return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)


def _filters(viewer: Viewer) -> HotspotFilters:
    return HotspotFilters(
        request.args, business=[(each.id, each.name) for each in list_businesses(viewer)]
    )


def _exported(row: Any) -> dict[str, Any]:
    it = row.Hotspot
    values = (
        *(it.name, row.state.capitalize(), it.system, row.businesses, it.address or None),
        *(it.last_contact_at, it.last_error, it.free_slots, it.max_tokens, it.clock_offset),
        *(it.serial, it.model, it.firmware, it.poll_interval, it.id),
    )
    return dict(zip(COLUMNS, values, strict=True))
