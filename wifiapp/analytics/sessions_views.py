"""The page that says how long raw sessions are kept, and shows first what would go."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.analytics import retention_operations, retention_queries
from wifiapp.analytics.retention import cutoff
from wifiapp.analytics.sessions_forms import SessionsForm
from wifiapp.web import current_actor

bp = Blueprint("analytics_sessions", __name__)


@bp.get("/analytics/sessions")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Show how long sessions are kept, and what the months asked for would take."""
    kept = retention_queries.get_kept_months()
    return _page(SessionsForm(request.args, kept), kept)


@bp.post("/analytics/sessions")
@allow("ADMIN")
def keep() -> ResponseReturnValue:
    """Keep sessions for the months whose preview was shown."""
    kept = retention_queries.get_kept_months()
    form = SessionsForm(request.form, kept)
    if form.errors or not form.is_asked:
        return _page(form, kept), 422
    months = form.months.data
    changed = retention_operations.keep_sessions(months, current_actor())
    told = ngettext("Kept for %(num)d month.", "Kept for %(num)d months.", months)
    flash(told if changed else _("Nothing was changed."), "success")
    return redirect(url_for("analytics_sessions.index"), 303)


@bp.post("/analytics/sessions/for-ever")
@allow("ADMIN")
def keep_all() -> ResponseReturnValue:
    """Keep the sessions that are still here for ever."""
    changed = retention_operations.keep_sessions(None, current_actor())
    flash(_("Kept for ever.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for("analytics_sessions.index"), 303)


def _page(form: SessionsForm, kept: int | None) -> str:
    months = form.months.data if form.is_asked and not form.errors else kept
    return render_template(
        "analytics/sessions.html",
        form=form,
        kept=kept,
        months=months,
        found=retention_queries.preview(cutoff(months, clock.now())) if months else None,
        dropped=retention_queries.find_dropped_before(),
    )
