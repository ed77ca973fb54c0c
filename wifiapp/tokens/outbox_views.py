"""What hotspots are to be told: the list, and taking a command back."""

import re
from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock, exports
from wifiapp.access import allow
from wifiapp.errors import WifiError
from wifiapp.hotspots.queries import get_hotspot
from wifiapp.lists import asked_page
from wifiapp.live import live_page
from wifiapp.tokens import codes, outbox_operations, outbox_queries
from wifiapp.tokens.outbox import WORDS
from wifiapp.tokens.outbox_forms import CommandFilters
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("outbox", __name__)

COLUMNS = (
    *("asked", "what", "token", "mac", "hotspot", "business", "state"),
    *("reason", "error", "attempts", "nextTry", "finished", "by"),
)


@bp.get("/hotspots/commands", strict_slashes=False)
@allow("ADMIN", "MANAGER")
def index() -> Response:
    viewer = current_viewer()
    form = CommandFilters(request.args, viewer)
    return live_page(
        "outbox/index.html",
        "outbox/_list.html",
        form=form,
        **asked_page(lambda after: outbox_queries.list_commands(viewer, form.wanted, after)),
        words=WORDS,
        groups=codes.groups,
        now=clock.now(),
    )


@bp.get("/hotspots/commands.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with every row of the view; a filter that cannot be used is refused, not ignored."""
    viewer = current_viewer()
    form = CommandFilters(request.args, viewer)
    form.refuse_errors()
    rows = (_row(row) for row in outbox_queries.stream_commands(viewer, form.wanted))
    return exports.as_file(kind, "commands", COLUMNS, rows, asOf=clock.now())


@bp.get("/hotspots/commands/<command_id>")
@allow("ADMIN", "MANAGER")
def state(command_id: str) -> Response:
    """Show how far a command is to the page that it stands on; when it is over, that reloads."""
    command = outbox_queries.get_command(command_id, current_viewer())
    part = render_template(
        "outbox/_state.html",
        command=command,
        hotspot=get_hotspot(command.hotspot_id).name,
        words=WORDS,
        back=_back_path(request.args.get("back")),
    )
    response = make_response(part)
    if command.status != "PENDING":
        response.headers["HX-Refresh"] = "true"
    return response


@bp.post("/hotspots/commands/<command_id>/retry")
@allow("ADMIN", "MANAGER")
def retry(command_id: str) -> ResponseReturnValue:
    """Have a command tried within a second or two, whenever it was to be tried again."""
    return _do(command_id, outbox_operations.hurry_command, _("It is tried again now."))


@bp.post("/hotspots/commands/<command_id>/cancel")
@allow("ADMIN", "MANAGER")
def cancel(command_id: str) -> ResponseReturnValue:
    return _do(command_id, outbox_operations.cancel_command, _("It is not asked for any more."))


def _do(command_id: str, change: Callable[..., Any], done: str) -> ResponseReturnValue:
    """Make the change, say so, and go back to where the button was."""
    command = outbox_queries.get_command(command_id, current_viewer())
    try:
        change(current_actor(), command.id)
    except WifiError as error:
        flash(str(error), "danger")
    else:
        flash(done, "success")
    back = _back_path(request.form.get("back"))
    return redirect(back or url_for("outbox.index", state="waiting"), 303)


def _back_path(path: str | None) -> str:
    """Return the page of ours that a button stood on, "" for any other address."""
    own = re.fullmatch(r"/(tokens|devices|hotspots)/[0-9a-f-]{36}", path or "")
    return own[0] if own else ""


def _row(row: Any) -> dict[str, Any]:
    command = row.HotspotCommand
    values = (
        command.created_at,
        WORDS[command.kind],
        row.token,
        command.mac_address,
        row.hotspot,
        row.business,
        command.status,
        command.reason,
        command.error,
        command.attempts,
        command.next_try_at,
        command.finished_at,
        command.created_by,
    )
    return dict(zip(COLUMNS, values, strict=True))
