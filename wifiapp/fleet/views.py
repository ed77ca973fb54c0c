"""The page of one hotspot."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock, exports
from wifiapp.access import allow
from wifiapp.businesses.queries import zone_of
from wifiapp.devices import queries as devices
from wifiapp.fleet import queries
from wifiapp.fleet.abilities import abilities
from wifiapp.fleet.forecast import DAYS, forecast
from wifiapp.hotspots import boxes_operations, list_queries
from wifiapp.hotspots.drivers import CAPABILITIES
from wifiapp.hotspots.queries import get_hotspot
from wifiapp.lists import asked_page
from wifiapp.live import live_page
from wifiapp.presence.queries import find_key
from wifiapp.tokens import outbox_queries
from wifiapp.tokens import queries as tokens
from wifiapp.tokens.forms import NAMES
from wifiapp.web import current_viewer

bp = Blueprint("fleet", __name__)

OUTAGE_COLUMNS = ("start", "end", "seconds", "reason")


@bp.get("/hotspots/<hotspot_id>")
@allow("ADMIN", "MANAGER")
def show(hotspot_id: str) -> Response:
    viewer, now = current_viewer(), clock.now()
    hotspot = get_hotspot(hotspot_id, viewer)
    counts = tokens.count_tokens(viewer, tokens.Wanted(hotspot_id=hotspot.id))
    own = forecast(queries.pace_of(hotspot, now, viewer), None, counts["UNUSED"].number)
    everybody = forecast(queries.pace_of(hotspot, now), hotspot.free_slots, 0)
    return live_page(
        "fleet/show.html",
        "fleet/_show.html",
        hotspot=hotspot,
        state=list_queries.get_state(hotspot.id, now),
        is_demo=queries.is_demo(hotspot.id),
        is_pushed=hotspot.is_manual and find_key(hotspot.id) is not None,
        served=queries.list_served(hotspot.id, viewer),
        told=outbox_queries.count_pending(viewer, hotspot.id),
        counts=counts,
        names=NAMES,
        devices=devices.count_devices(viewer, devices.Wanted(hotspot_id=hotspot.id), now),
        full_in=everybody.full_in,
        sold_out_in=own.sold_out_in,
        days=DAYS,
        abilities=list(abilities(CAPABILITIES[hotspot.system])),
        outages=queries.list_last_outages(hotspot.id),
        may_change=viewer.role == "ADMIN",
        now=now,
        tz=zone_of(viewer),
    )


@bp.post("/hotspots/<hotspot_id>/poll")
@allow("ADMIN", "MANAGER")
def poll(hotspot_id: str) -> ResponseReturnValue:
    """Let the worker ask a hotspot at once, whatever its turn."""
    hotspot = get_hotspot(hotspot_id, current_viewer())
    boxes_operations.poll_soon(hotspot.id)
    flash(_("%(name)s is asked next. This page shows what came of it.", name=hotspot.name))
    return redirect(url_for(".show", hotspot_id=hotspot.id), 303)


@bp.get("/hotspots/<hotspot_id>/outages")
@allow("ADMIN", "MANAGER")
def outages(hotspot_id: str) -> ResponseReturnValue:
    viewer = current_viewer()
    hotspot = get_hotspot(hotspot_id, viewer)
    return render_template(
        "fleet/outages.html",
        hotspot=hotspot,
        **asked_page(lambda after: queries.list_outages(hotspot.id, after)),
        now=clock.now(),
        tz=zone_of(viewer),
    )


@bp.get("/hotspots/<hotspot_id>/outages.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export_outages(hotspot_id: str, kind: str) -> Response:
    hotspot, now = get_hotspot(hotspot_id, current_viewer()), clock.now()
    rows = (_outage(row.HotspotOutage, now) for row in queries.stream_outages(hotspot.id))
    return exports.as_file(kind, "outages", OUTAGE_COLUMNS, rows, hotspot=hotspot.name)


def _outage(it: Any, now: Any) -> dict[str, Any]:
    seconds = int(((it.ended_at or now) - it.started_at).total_seconds())
    values = (it.started_at, it.ended_at, seconds, it.reason)
    return dict(zip(OUTAGE_COLUMNS, values, strict=True))
