"""The pages about many devices at once: who was online when, and what may be abuse."""

from datetime import datetime

from flask import Blueprint, Response, render_template, request

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.businesses import queries as businesses
from wifiapp.devices import hints, hints_queries, online, online_queries, queries
from wifiapp.devices.forms import OnlineFilters
from wifiapp.web import current_viewer

bp = Blueprint("online", __name__)

COLUMNS = ("start", "devices", "hotspots", "silent")


@bp.get("/devices/online")
@allow("ADMIN", "MANAGER")
def index() -> str:
    viewer, now = current_viewer(), clock.now()
    form = _filters(viewer)
    return render_template(
        "devices/online.html",
        form=form,
        hours=_hours(viewer, form, now),
        now=now,
        tz=businesses.zone_of(viewer, form.value("business")),
    )


@bp.get("/devices/online.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with every hour of the view; a filter that cannot be used is refused, not ignored."""
    viewer, now = current_viewer(), clock.now()
    form = _filters(viewer)
    form.refuse_errors()
    rows = [vars(hour) for hour in _hours(viewer, form, now)]
    return exports.as_file(kind, "online", COLUMNS, rows, asOf=now)


@bp.get("/devices/hints")
@allow("ADMIN", "MANAGER")
def abuse() -> str:
    viewer, now = current_viewer(), clock.now()
    return render_template(
        "devices/hints.html",
        counts=hints_queries.count_hints(viewer, now),
        names=hints,
        many=hints.MANY,
        now=now,
        tz=businesses.zone_of(viewer),
    )


def _filters(viewer: Viewer) -> OnlineFilters:
    return OnlineFilters(
        request.args,
        business=[(each.id, each.name) for each in businesses.list_businesses(viewer)],
        hotspot=[(each.id, each.name) for each in queries.list_hotspots(viewer)],
    )


def _hours(viewer: Viewer, form: OnlineFilters, now: datetime) -> list[online.Hour]:
    since = online.first_hour(form.value("period"), now)
    narrowed = (form.value("business"), form.value("hotspot"))
    asked = online_queries.list_asked(viewer, *narrowed)
    return online.hours(
        online_queries.count_by_hour(viewer, since, now, *narrowed),
        asked,
        online_queries.list_outages([each.id for each in asked], since),
        since,
        now,
    )
