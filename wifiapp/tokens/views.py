"""The token list, and ending tokens one by one or many at once."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.errors import WifiError
from wifiapp.lists import asked_page
from wifiapp.tokens import bulk, codes, lines, operations, queries
from wifiapp.tokens.forms import NAMES, EndForm, TokenFilters
from wifiapp.tokens.states import Event
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("tokens", __name__)

ENDINGS = {"disable": Event.DISABLE, "expire": Event.EXPIRE}


@bp.get("/tokens", strict_slashes=False)
@allow("ADMIN", "MANAGER")
def index() -> str:
    viewer, now = current_viewer(), clock.now()
    form = TokenFilters(request.args, viewer)
    return render_template(
        "tokens/index.html",
        form=form,
        **asked_page(lambda after: queries.list_tokens(viewer, form.wanted, after)),
        counts=queries.count_tokens(viewer, form.wanted),
        names=NAMES,
        groups=codes.groups,
        is_past=lambda row: queries.is_past(row, now),
        most=bulk.MOST,
        now=now,
    )


@bp.get("/tokens.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with every row of the view; a filter that cannot be used is refused, not ignored."""
    viewer, now = current_viewer(), clock.now()
    form = TokenFilters(request.args, viewer)
    form.refuse_errors()
    rows = (lines.exported(row) for row in queries.stream_tokens(viewer, form.wanted))
    return exports.as_file(kind, "tokens", lines.COLUMNS, rows, asOf=now)


@bp.route("/tokens/change", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def change() -> ResponseReturnValue:
    """Show exactly which tokens would be ended, and end them when that is confirmed."""
    event = ENDINGS.get(request.args.get("action", ""))
    found, back = _chosen(current_viewer())
    if event is None or not found or len(found) > bulk.MOST:
        flash(_nothing_to_change(found), "warning")
        return redirect(back, 303)
    plan, form, status = bulk.preview(found, event), EndForm(), 200
    if form.validate_on_submit():
        try:
            done = operations.end_tokens(
                current_actor(),
                [each.id for each in found],
                event,
                form.reason.data or "",
                form.seen.data or "",
            )
        except WifiError as error:
            form.form_errors.append(str(error))
        else:
            flash(_words(event, done), "success")
            return redirect(back, 303)
    if form.is_submitted():
        status = 422
    form.seen.data = plan.seen
    page = render_template(
        "tokens/change.html", form=form, plan=plan, event=event, back=back, names=NAMES
    )
    return page, status


@bp.post("/tokens/<token_id>/disable")
@allow("ADMIN", "MANAGER")
def disable(token_id: str) -> ResponseReturnValue:
    token, form = queries.get_token(token_id, current_viewer()), EndForm()
    if form.validate():
        try:
            ended = operations.end_token(
                current_actor(), token.id, Event.DISABLE, form.reason.data or ""
            )
        except WifiError as error:
            flash(str(error), "danger")
        else:
            if ended.status == "DISABLED":
                flash(_("The token %(code)s is disabled.", code=token.token), "success")
    else:
        flash(
            " ".join(str(each) for each in form.reason.errors) or _("Nothing was done."), "danger"
        )
    return redirect(url_for("trail.show", token_id=token.id), 303)


@bp.post("/tokens/<token_id>/extend")
@allow("ADMIN", "MANAGER")
def extend(token_id: str) -> ResponseReturnValue:
    token, form = queries.get_token(token_id, current_viewer()), EndForm()
    if form.validate():
        try:
            command = operations.extend_token(current_actor(), token.id, form.reason.data or "")
        except WifiError as error:
            flash(str(error), "danger")
        else:
            if command.status == "DONE":
                flash(_("The time of %(code)s has begun anew.", code=token.token), "success")
    else:
        flash(
            " ".join(str(each) for each in form.reason.errors) or _("Nothing was done."), "danger"
        )
    return redirect(url_for("trail.show", token_id=token.id), 303)


def _chosen(viewer: Viewer) -> tuple[Sequence[Any], str]:
    """Return the tokens that the address names, one more than may be changed, and the way back.

    They are those with a tick, or with `all` every one of the filters.
    """
    given = MultiDict(
        (name, value)
        for name, value in request.args.items(multi=True)
        if name not in {"action", "ids", "all"}
    )
    form = TokenFilters(given, viewer)
    filters: dict[str, Any] = form.applied
    back = url_for("tokens.index", **filters)
    if not request.args.get("all"):
        ids = request.args.getlist("ids")[: bulk.MOST + 1]
        return queries.list_chosen(viewer, ids, bulk.MOST + 1), back
    if form.errors:  # a filter that is not understood must not mean "all"
        return [], back
    return queries.list_matching(viewer, form.wanted, bulk.MOST + 1), back


def _nothing_to_change(found: Sequence[Any]) -> str:
    if len(found) > bulk.MOST:
        return str(
            _(
                "At most %(most)s tokens can be changed at once. Narrow the filters.",
                most=f"{bulk.MOST:,}",
            )
        )
    return str(_("Tick the tokens to change first. Nothing was changed."))


def _words(event: Event, done: operations.Ended) -> str:
    said, count = [], done.now
    if event is Event.DISABLE and (count or not done.later):
        said.append(ngettext("%(num)d token is disabled.", "%(num)d tokens are disabled.", count))
    elif count or not done.later:
        said.append(ngettext("%(num)d token has expired.", "%(num)d tokens have expired.", count))
    if done.later:
        said.append(
            ngettext(
                "%(num)d is on a device, which is told now; it changes here when that is done.",
                "%(num)d are on devices, which are told now; they change here when that is done.",
                done.later,
            )
        )
    return " ".join(said)
