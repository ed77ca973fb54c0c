"""The week on paper: what it came to, on one sheet."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock
from wifiapp.access import Viewer, allow
from wifiapp.analytics import grid
from wifiapp.analytics.report import Report
from wifiapp.analytics.shops import Shops
from wifiapp.backup.freshness import TONES, freshness
from wifiapp.backup.queries import find_last_verified
from wifiapp.dashboard.week import Week, week_of
from wifiapp.dashboard.week_forms import WeekFilters
from wifiapp.sales.queries import list_sellers
from wifiapp.web import current_viewer

bp = Blueprint("week", __name__)


@bp.get("/analytics/week")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    """Show the week of a day, else the last one that is over."""
    viewer, now = current_viewer(), clock.now()
    shops = Shops.of(viewer)
    form = WeekFilters(request.args, business=shops.choices)
    shops = shops.narrowed(form.value("business"))
    form.currency.offer((each, each) for each in shops.currencies)
    today = now.astimezone(ZoneInfo(shops.zones[0])).date()
    first, last = week_of(form.value("day") or today - timedelta(days=7))
    first, last = min((first, last), week_of(today))
    days = grid.build("day", shops.zones, first, last, now)
    currency = form.value("currency") or next(iter(shops.currencies), "")
    report = Report(shops.scope(), days, grid.preceding(days, now), now, currency)
    week = Week(report, _narrowed(viewer, shops), now)
    sellers = week.lines("seller")
    return render_template(
        "dashboard/week.html",
        form=form,
        shops=shops,
        week=week,
        report=report,
        weeks=_weeks(form, first, today),
        sellers=sellers,
        names=list_sellers([line.name for line in sellers if line.name]),
        now=now,
        tz=shops.zones[0],
        **(_backups(now) if viewer.role == "ADMIN" else {"backup": None, "backup_tone": ""}),
    )


def _narrowed(viewer: Viewer, shops: Shops) -> Viewer:
    """Let the sales be those of the same shops."""
    ids = frozenset(each.id for each in shops.left)
    return Viewer(viewer.user_id, viewer.role, ids, viewer.only_sales_by)


def _weeks(form: WeekFilters, first: date, today: date) -> list[dict[str, Any]]:
    """Return links to this week, the last one, and those beside the one that is shown."""
    rest: dict[str, Any] = {name: value for name, value in form.applied.items() if name != "day"}
    this, _end = week_of(today)
    last = this - timedelta(days=7)
    named = [(_("This week"), this), (_("Last week"), last)]
    if first < this:
        named.append((_("A week earlier"), first - timedelta(days=7)))
    if first < last:
        named.append((_("A week later"), first + timedelta(days=7)))
    return [
        {"label": label, "url": url_for("week.index", day=day, **rest), "active": day == first}
        for label, day in named
    ]


def _backups(now: Any) -> dict[str, Any]:
    backup = find_last_verified()
    made_at = backup.created_at if backup else None
    return {"backup": backup, "backup_tone": TONES[freshness(made_at, now)]}
