"""The first page: what matters now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from wifiapp import clock, formats
from wifiapp.access import Viewer, allow
from wifiapp.backup.queries import find_last_verified
from wifiapp.businesses.queries import list_businesses
from wifiapp.dashboard import figures, queries
from wifiapp.dashboard.steps_queries import find_steps
from wifiapp.demo.queries import has_demo
from wifiapp.devices import queries as devices
from wifiapp.devices.lines import described
from wifiapp.hotspots.queries import SILENT_AFTER, list_pushed
from wifiapp.jobs import queries as jobs
from wifiapp.live import live_page
from wifiapp.sales import queries as sales
from wifiapp.sales.periods import CUSTOM, Period
from wifiapp.web import current_viewer

bp = Blueprint("dashboard", __name__)
LATEST = 5  # sales and devices


@bp.get("/")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    """Show what matters now, or the way in when there is no business yet."""
    viewer, now = current_viewer(), clock.now()
    businesses = list_businesses(viewer)
    if not businesses:
        return render_template("dashboard/welcome.html")
    shown = _sales(viewer, [each.timezone for each in businesses], now)
    shown["stock"] = figures.stock(queries.list_stock(viewer, now), queries.PACE)
    shown |= _network(viewer, now)
    shown["steps"] = find_steps(viewer)
    if viewer.role == "ADMIN":
        shown |= _health(now)
    return live_page(
        "dashboard/index.html",
        "dashboard/_live.html",
        viewer=viewer,
        now=now,
        several=len(businesses) > 1,
        most_plans=figures.SHOWN_PLANS,
        may_remove_demo=viewer.role == "ADMIN" and has_demo(),
        **shown,
    )


def _sales(viewer: Viewer, zones: Sequence[str], now: datetime) -> dict[str, Any]:
    """Return today's sums, the chart's and the latest lines; the first zone names the days."""
    days = figures.last_days(now.astimezone(ZoneInfo(zones[0])).date())
    fortnight = Period(CUSTOM, first=days[0])
    wanted = sales.Wanted({zone: fortnight.span(zone, now) for zone in zones})
    sums = queries.sum_by_day_and_channel(viewer, now)
    channels = figures.today(sums)
    return {
        "tz": zones[0],
        "today": format_date(days[-1], "EEEE, d MMMM"),
        "since": days[0].isoformat(),
        "channels": channels,
        "sold": figures.total(channels),
        "days": [format_date(day, "d MMM") for day in days],
        "datasets": figures.chart(sums, _("Other"), formats.money),
        "local_day": figures.local_day,
        "latest": sales.list_lines(viewer, wanted).rows[:LATEST],
    }


def _network(viewer: Viewer, now: datetime) -> dict[str, Any]:
    """Return the devices and the hotspots they are on."""
    newest = devices.list_devices(viewer, devices.Wanted(state="ONLINE"), now).rows[:LATEST]
    return {
        "counts": devices.count_devices(viewer, devices.Wanted(), now),
        "newest": [described(row, now) for row in newest],
        "hotspots": figures.hotspots(
            devices.list_hotspots(viewer), now, SILENT_AFTER, list_pushed()
        ),
    }


def _health(now: datetime) -> dict[str, Any]:
    """Return how safe the data are and whether the work behind the pages is done."""
    backup = find_last_verified()
    return {
        "backup": backup,
        "backup_tone": figures.backup_tone(backup.created_at if backup else None, now),
        "worker_runs": jobs.is_worker_running(now),
        "worker_seen": jobs.find_last_run(),
    }
