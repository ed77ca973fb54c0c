"""The analytics: what was sold, who came and how much they used, by hour, day, week or month."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.analytics import figures, grid
from wifiapp.analytics.forms import PRESETS, TABS, AnalyticsFilters
from wifiapp.analytics.queries import find_first_data, sum_by_business
from wifiapp.analytics.report import NAMES, Report
from wifiapp.analytics.shops import Shops
from wifiapp.jobs.queries import is_worker_running
from wifiapp.web import current_viewer

bp = Blueprint("analytics", __name__)

MOST_PERIODS = 53  # a year of weeks, and a page stays below 60 KB


class Asked(NamedTuple):
    """What the address asks for."""

    form: AnalyticsFilters
    businesses: Sequence[Any]
    report: Report
    is_cut: bool


@bp.get("/analytics")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    viewer, now = current_viewer(), clock.now()
    form, businesses, report, is_cut = _asked(viewer, now, is_whole=False)
    return render_template(
        "analytics/index.html",
        form=form,
        tabs=TABS,
        presets=PRESETS[form.value("by")],
        report=report,
        businesses=businesses,
        by_business=sum_by_business(report.scope, report.grid) if len(businesses) > 1 else {},
        is_cut=is_cut,
        worker_runs=is_worker_running(now),
        now=now,
        tz=next(iter(report.grid.starts)),
    )


@bp.get("/analytics.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with the numbers of every figure, or of the one that is named, of the whole range."""
    viewer, now = current_viewer(), clock.now()
    form, _businesses, report, _is_cut = _asked(viewer, now, is_whole=True)
    form.refuse_errors()
    wanted = request.args.get("figure")
    if wanted and wanted not in NAMES:
        abort(404)
    rows = [row for name in ([wanted] if wanted else NAMES) for row in report.figure(name).rows()]
    name = f"analytics-{wanted}" if wanted else "analytics"
    return exports.as_file(
        kind,
        name,
        figures.COLUMNS,
        rows,
        asOf=now,
        rolledUpTo=report.rolled_up_to,
        zones=[*report.grid.starts],
    )


def _asked(viewer: Viewer, now: datetime, *, is_whole: bool) -> Asked:
    """Return the checked filters, the shops they leave, and the report.

    The report has at most `MOST_PERIODS`, the newest, unless it `is_whole`.
    """
    shops = Shops.of(viewer)
    form = AnalyticsFilters(request.args, business=shops.choices)
    shops = shops.narrowed(form.value("business"))
    form.currency.offer((each, each) for each in shops.currencies)
    scope, zones = shops.scope(form.value("system")), shops.zones
    unit, zone = form.value("by"), ZoneInfo(zones[0])
    first, last = form.days(now.astimezone(zone).date())
    earliest = grid.latest_start(unit, last, MOST_PERIODS)
    is_cut = grid.floor(unit, first) < earliest
    if is_cut and not is_whole:
        first = earliest
    elif is_cut:  # a file has all there is, but no endless list of nothing before it
        known = find_first_data(scope) or now
        first = max(first, min(known.astimezone(zone).date(), last))
    periods = grid.build(unit, zones, first, last, now)
    before = grid.preceding(periods, now)
    currency = form.value("currency") or next(iter(shops.currencies), "")
    is_compared = form.value("compare") == "before"
    report = Report(scope, periods, before, now, currency, is_compared)
    return Asked(form, shops.left, report, is_cut)
