"""The pages of batches: what is made, what is being made, and the form to ask for more."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.businesses.queries import zone_of
from wifiapp.errors import WifiError
from wifiapp.jobs import queries as jobs
from wifiapp.lists import asked_page
from wifiapp.live import live_page
from wifiapp.tokens import batches_operations, batches_queries, codes, durations
from wifiapp.tokens.batches_forms import MakeForm
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("batches", __name__, url_prefix="/tokens/batches")


@bp.get("")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    viewer = current_viewer()
    return live_page(
        "tokens/batches.html",
        "tokens/_batches.html",
        **asked_page(lambda after: batches_queries.list_batches(viewer, after)),
        tz=zone_of(viewer),
        now=clock.now(),
    )


@bp.route("/make", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def make() -> ResponseReturnValue:
    viewer = current_viewer()
    form = MakeForm(viewer, **_chosen())
    if form.validate_on_submit():
        try:
            batch = batches_operations.request_batch(
                current_actor(),
                form.plan.data,
                form.hotspot.data or None,
                form.count.data or 0,
                form.form_id.data,
            )
        except WifiError as error:
            form.form_errors.append(str(error))
        else:
            return redirect(url_for("batches.show", batch_id=batch.id), 303)
    live = batches_queries.count_live(viewer)
    page = render_template(
        "tokens/make.html", form=form, live=live, odds=codes.odds(live), possible=codes.POSSIBLE
    )
    return page, 422 if form.is_submitted() else 200


@bp.get("/<batch_id>")
@allow("ADMIN", "MANAGER")
def show(batch_id: str) -> ResponseReturnValue:
    viewer, now = current_viewer(), clock.now()
    row = batches_queries.get_batch(batch_id, viewer)
    unfinished = batches_queries.is_unfinished(row.TokenBatch)
    response = live_page(
        "tokens/batch.html",
        "tokens/_batch.html",
        batch=row.TokenBatch,
        business=row.Business,
        hotspot=row.Hotspot,
        counts=batches_queries.count_by_status(batch_id),
        unfinished=unfinished,
        worker_runs=not unfinished or jobs.is_worker_running(now),
        words=durations.words,
        tz=row.Business.timezone,
    )
    if "HX-Request" in request.headers and not unfinished:
        response.headers["HX-Refresh"] = "true"  # it is done: show the whole page anew
    return response


@bp.post("/<batch_id>/cancel")
@allow("ADMIN", "MANAGER")
def cancel(batch_id: str) -> ResponseReturnValue:
    return _do(
        batch_id,
        batches_operations.cancel_batch,
        _("No more tokens are made. Those that were made stay."),
    )


@bp.post("/<batch_id>/resume")
@allow("ADMIN", "MANAGER")
def resume(batch_id: str) -> ResponseReturnValue:
    return _do(batch_id, batches_operations.resume_batch, _("The rest is made now."))


def _chosen() -> dict[str, Any]:
    """Return the plan that a link to the form names."""
    plan = request.args.get("plan")
    return {"data": {"plan": plan}} if plan else {}


def _do(batch_id: str, change: Callable[..., Any], done: str) -> ResponseReturnValue:
    """Make the change, say so, and go back to the batch."""
    batches_queries.get_batch(batch_id, current_viewer())
    try:
        change(current_actor(), batch_id)
    except WifiError as error:
        flash(str(error), "danger")
    else:
        flash(done, "success")
    return redirect(url_for("batches.show", batch_id=batch_id), 303)
