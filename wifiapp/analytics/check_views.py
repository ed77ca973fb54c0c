"""The page that proves the roll-ups."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from wifiapp import clock, exports
from wifiapp.access import allow
from wifiapp.analytics import check_lines, check_queries
from wifiapp.analytics.check_forms import CheckFilters
from wifiapp.analytics.check_rows import select_rows
from wifiapp.settings.queries import get_zone

bp = Blueprint("analytics_check", __name__)


@bp.get("/analytics/check")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Count some days again, now, and show each number that differs."""
    form, now = CheckFilters(request.args), clock.now()
    return render_template(
        "analytics/check.html",
        form=form,
        verdict=check_queries.check(*form.days(now.date()), now),
        names=check_queries.list_names(),
        lines=check_lines,
        select_rows=select_rows,
        tz=get_zone(),
        now=now,
    )


@bp.get("/analytics/check.<any(csv, json):kind>")
@allow("ADMIN")
def export(kind: str) -> Response:
    """Answer with the numbers that differ."""
    form, now = CheckFilters(request.args), clock.now()
    form.refuse_errors()
    verdict = check_queries.check(*form.days(now.date()), now)
    names = check_queries.list_names()
    rows = [check_lines.exported(it, names) for it in verdict.mismatches]
    return exports.as_file(
        kind,
        "analytics-check",
        check_lines.COLUMNS,
        rows,
        asOf=now,
        rolledUpTo=verdict.rolled_up_to,
        waiting=verdict.waiting,
        leftOut=verdict.left_out,
        hasMore=verdict.has_more,
    )
