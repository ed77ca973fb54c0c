"""The first page: what matters now."""

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
from wifiapp.businesses.queries import list_businesses, zone_of
from wifiapp.dashboard import figures, queries
from wifiapp.demo.queries import has_demo
from wifiapp.devices import queries as devices
from wifiapp.devices.lines import described
from wifiapp.devices.queries import Wanted
from wifiapp.jobs import queries as jobs
from wifiapp.live import live_page
from wifiapp.web import current_viewer

bp = Blueprint("dashboard", __name__)


@bp.get("/")
@allow("ADMIN", "MANAGER", "SELLER")
def index() -> ResponseReturnValue:
    """Show what matters now, or the way in when there is no business yet."""
    viewer, now = current_viewer(), clock.now()
    businesses = list_businesses(viewer)
    if not businesses:
        return render_template("dashboard/welcome.html")
    return live_page(
        "dashboard/index.html",
        "dashboard/_live.html",
        several=len(businesses) > 1,
        may_remove_demo=viewer.role == "ADMIN" and has_demo(),
        **_figures(viewer, now),
    )


def _figures(viewer: Viewer, now: datetime) -> dict[str, Any]:
    zone = zone_of(viewer)
    today = now.astimezone(ZoneInfo(zone)).date()
    sums = queries.sum_by_day_and_channel(viewer, now)
    channels = figures.today(sums)
    shown = {
        "viewer": viewer,
        "now": now,
        "tz": zone,
        "today": format_date(today, "EEEE, d MMMM"),
        "channels": channels,
        "sold": figures.total(channels),
        "days": [format_date(day, "d MMM") for day in figures.last_days(today)],
        "datasets": figures.chart(sums, _("Other"), formats.money),
        "stock": figures.stock(queries.list_stock(viewer, now), queries.PACE),
        "most_plans": figures.SHOWN_PLANS,
        "latest": queries.list_latest_sales(viewer),
    }
    if viewer.only_sales_by is None:
        shown |= _network(viewer, now)
    if viewer.role == "ADMIN":
        shown |= _health(now)
    return shown


def _network(viewer: Viewer, now: datetime) -> dict[str, Any]:
    """Return the devices and the hotspots they are on."""
    newest = devices.list_devices(viewer, Wanted(state="ONLINE"), now).rows[: queries.LATEST]
    return {
        "counts": devices.count_devices(viewer, Wanted(), now),
        "newest": [described(row, now) for row in newest],
        "hotspots": figures.hotspots(devices.list_hotspots(viewer), now, devices.SILENT_AFTER),
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
