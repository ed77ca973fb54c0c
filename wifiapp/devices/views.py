"""The device pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.businesses import queries as businesses
from wifiapp.devices import lines, page_queries, queries, timeline, vendors
from wifiapp.devices.blocks_forms import BlockForm
from wifiapp.devices.forms import DeviceFilters
from wifiapp.hotspots.drivers import CAPABILITIES
from wifiapp.hotspots.queries import find_heard
from wifiapp.lists import asked_page
from wifiapp.live import live_page
from wifiapp.web import current_viewer

bp = Blueprint("devices", __name__)


@bp.get("/devices", strict_slashes=False)
@allow("ADMIN", "MANAGER")
def index() -> Response:
    viewer, now = current_viewer(), clock.now()
    form = _filters(viewer)
    asked = asked_page(lambda after: queries.list_devices(viewer, form.wanted, now, after))
    return live_page(
        "devices/index.html",
        "devices/_list.html",
        form=form,
        **asked,
        lines=[lines.described(row, now) for row in asked["page"].rows],
        counts=queries.count_devices(viewer, form.wanted, now),
        as_of=find_heard(viewer, now, form.value("business"), form.value("hotspot")),
        vendors=vendors,
        now=now,
        tz=businesses.zone_of(viewer, form.value("business")),
    )


@bp.get("/devices.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with every row of the view; a filter that cannot be used is refused, not ignored."""
    viewer, now = current_viewer(), clock.now()
    form = _filters(viewer)
    form.refuse_errors()
    found = queries.stream_devices(viewer, form.wanted, now)
    rows = (lines.exported(row, now) for row in found)
    return exports.as_file(kind, "devices", lines.COLUMNS, rows, asOf=now)


@bp.get("/devices/<device_id>")
@allow("ADMIN", "MANAGER")
def show(device_id: str) -> str:
    viewer, now = current_viewer(), clock.now()
    device = queries.get_device(viewer, device_id, now)
    can = CAPABILITIES.get(device.system)
    block = page_queries.find_block(device.hotspot_id, device.mac)
    return render_template(
        "devices/show.html",
        device=lines.described(device, now),
        days=_days(device, now),
        sessions=[
            (session, lines.lasted(device, session.started_at, session.ended_at, now))
            for session in queries.list_sessions(device.id)
        ],
        sessions_shown=queries.SESSIONS_SHOWN,
        tokens=queries.list_tokens_of(viewer, device.mac),
        tokens_shown=queries.TOKENS_SHOWN,
        probably_same=page_queries.list_probably_same(device),
        hints=page_queries.list_hints(device.id, now),
        block=block,
        may_lift=block is not None and viewer.sees(block.business_id),
        pending=page_queries.find_pending(device.hotspot_id, device.mac),
        can=can if page_queries.is_device(device.hotspot_id) else None,
        form=BlockForm(formdata=None),
        vendors=vendors,
        now=now,
    )


@bp.get("/devices/<device_id>/sessions.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export_sessions(device_id: str, kind: str) -> Response:
    """Answer with all sessions of a device."""
    viewer, now = current_viewer(), clock.now()
    device = queries.get_device(viewer, device_id, now)
    found = page_queries.stream_sessions(device.id)
    rows = (lines.exported_session(row.DeviceSession, device, now) for row in found)
    return exports.as_file(kind, "sessions", lines.SESSION_COLUMNS, rows, mac=device.mac)


def _days(device: Any, now: datetime) -> Sequence[timeline.Day]:
    """Return the device's sessions and its hotspot's outages, day by day."""
    since = timeline.first_moment(now, device.timezone)
    until = now if device.state == "ONLINE" else device.last_seen
    return timeline.days(
        timeline.closed(page_queries.list_since(device.id, since), until),
        timeline.closed(page_queries.list_outages_since(device.hotspot_id, since), now),
        now,
        device.timezone,
    )


def _filters(viewer: Viewer) -> DeviceFilters:
    return DeviceFilters(
        request.args,
        business=[(each.id, each.name) for each in businesses.list_businesses(viewer)],
        hotspot=[(each.id, each.name) for each in queries.list_hotspots(viewer)],
    )
