"""The pages that bring an archive back."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.http import parse_options_header

from wifiapp import clock, web
from wifiapp.access import allow
from wifiapp.backup import (
    archives,
    preview,
    restore_operations,
    restore_queries,
    restore_words,
    restore_work_operations,
    uploads,
)
from wifiapp.backup.errors import BackupError
from wifiapp.backup.hold_views import hold_changes, tell
from wifiapp.backup.keys_forms import KeyForm
from wifiapp.backup.progress import status_of_restore
from wifiapp.backup.queries import is_held
from wifiapp.backup.restore_forms import SureForm, UndoForm
from wifiapp.backup.sure_views import is_sure
from wifiapp.businesses.queries import zone_of
from wifiapp.columns import new_id
from wifiapp.config import Config
from wifiapp.errors import WifiError
from wifiapp.jobs.queries import is_worker_running
from wifiapp.web import current_actor, current_viewer

if TYPE_CHECKING:
    from flask import Flask

bp = Blueprint("restore", __name__, url_prefix="/backups/restore")
bp.before_app_request(hold_changes)
bp.record_once(lambda state: web.banner(cast("Flask", state.app), tell))
FRAGMENT = "restore-running"  # the part that asks again each second while the worker is at it
RESTORE, UNDO = "RESTORE", "UNDO"


# -- choosing --------------------------------------------------------------------------------


@bp.get("")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Let a backup be chosen or uploaded; show the restores of this installation."""
    return _index()


@bp.post("/choose")
@allow("ADMIN")
def choose() -> ResponseReturnValue:
    """Check a backup of the catalogue, and find out what restoring it would change."""
    return _begin(
        lambda: restore_operations.request_restore(
            _config(), request.form.get("backup_id", ""), current_actor()
        )
    )


@bp.post("/upload")
@allow("ADMIN")
@web.streaming
def upload() -> ResponseReturnValue:
    """Store an archive that is sent, and check it."""
    config, restore_id, actor = _config(), new_id(), current_actor()
    boundary = parse_options_header(request.content_type)[1].get("boundary", "none")
    try:
        limit = uploads.require_room(config, request.content_length)
        request.max_content_length = limit + uploads.ENVELOPE
        path = uploads.path_of(config, restore_id)
        name = uploads.receive(request.stream, boundary.encode(), path, limit, web.check_token)
        restore = restore_operations.request_uploaded(config, restore_id, name, actor)
    except WifiError as error:
        return _index(str(error).replace(f"{restore_id}.zip", _("the file")), error.status)
    return redirect(url_for("restore.show", restore_id=restore.id), 303)


# -- one restore -----------------------------------------------------------------------------


@bp.get("/<restore_id>")
@allow("ADMIN")
def show(restore_id: str) -> ResponseReturnValue:
    """Show what a restore would change, how far it is, or what became of it."""
    restore = restore_queries.get_restore(restore_id)
    if request.headers.get("HX-Target") == FRAGMENT:
        return _fragment(restore)
    return _page(restore, SureForm(RESTORE, formdata=None))


@bp.post("/<restore_id>")
@allow("ADMIN")
def confirm(restore_id: str) -> ResponseReturnValue:
    """Put the archive in the place of all data, once it is sure who asks."""
    restore, form = restore_queries.get_restore(restore_id), SureForm(RESTORE)
    if not is_sure(form):
        return _page(restore, form, 429 if form.wait else 422)
    try:
        actor = current_actor()
        restore_operations.confirm_restore(_config(), restore_id, actor, clock.now())
    except WifiError as error:
        return _refused(error, restore_id)
    return redirect(url_for("restore.show", restore_id=restore_id), 303)


@bp.post("/<restore_id>/open")
@allow("ADMIN")
def open_(restore_id: str) -> ResponseReturnValue:
    """Open an encrypted archive with the key of its emergency kit, and check what is in it."""
    restore, form = restore_queries.get_restore(restore_id), KeyForm()
    if form.validate_on_submit():
        try:
            restore_operations.open_archive(_config(), restore_id, form.keys, current_actor())
        except BackupError as error:
            form.identity.errors = [str(error).replace(f"{restore_id}.zip", _("the file"))]
        except WifiError as error:
            return _refused(error, restore_id)
        else:
            return redirect(url_for("restore.show", restore_id=restore_id), 303)
    return _page(restore, SureForm(RESTORE, formdata=None), 422, key_form=form)


@bp.post("/<restore_id>/check")
@allow("ADMIN")
def check(restore_id: str) -> ResponseReturnValue:
    """Check the archive again, and compare it with what is live by now."""
    return _begin(
        lambda: restore_operations.check_again(_config(), restore_id, current_actor()), restore_id
    )


@bp.post("/<restore_id>/cancel")
@allow("ADMIN")
def cancel(restore_id: str) -> ResponseReturnValue:
    """Give a restore up."""
    try:
        restore_operations.cancel_restore(_config(), restore_id, current_actor())
    except WifiError as error:
        return _refused(error, restore_id)
    flash(_("The restore is being cancelled. Your data was not changed."), "success")
    return redirect(url_for("restore.index"), 303)


@bp.route("/<restore_id>/undo", methods=["GET", "POST"])
@allow("ADMIN")
def undo(restore_id: str) -> ResponseReturnValue:
    """Say what an undo takes away, then swap back what was there before the restore.

    Of a restore that is undone already the undo is taken back.
    """
    found = restore_queries.find_undo(clock.now())
    restore = restore_queries.get_restore(restore_id)
    if found is None or found.restore.id != restore.id:
        flash(_("There is nothing to undo here any more. Your data was not changed."), "warning")
        return redirect(url_for("restore.show", restore_id=restore_id), 303)
    form = UndoForm(RESTORE if found.is_undone else UNDO)
    if form.is_submitted() and is_sure(form):
        return _swap_back(restore_id, form.schema.data or "-")
    changes = preview.compare_quickly(_config(), found.schema)
    status = (429 if form.wait else 422) if form.is_submitted() else 200
    page = render_template(
        "backup/restore_undo.html",
        undo=found,
        restore=restore,
        form=form,
        lost=changes and restore_words.lost(changes),
        back=changes and restore_words.coming_back(changes),
        **_surroundings(),
    )
    return page, status


def _swap_back(restore_id: str, schema: str) -> ResponseReturnValue:
    actor = current_actor()
    try:
        restore_work_operations.undo_restore(_config(), actor, keep=actor.email, schema=schema)
    except WifiError as error:
        return _refused(error, restore_id)
    if restore_queries.get_restore(restore_id).status == "UNDONE":
        flash(_("The restore was undone: everything is as it was before it."), "success")
    else:
        flash(_("The undo was taken back: what was restored is here again."), "success")
    return redirect(url_for("restore.show", restore_id=restore_id), 303)


@bp.get("/<restore_id>/log.txt")
@allow("ADMIN")
def log(restore_id: str) -> ResponseReturnValue:
    """Hand out what the runs of a restore wrote into its log."""
    restore = restore_queries.get_restore(restore_id)
    response = Response(restore.log, mimetype="text/plain")
    name = f"wifiapp-restore-{restore.created_at:%Y%m%dT%H%M%SZ}.log"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# -- helpers ---------------------------------------------------------------------------------


def _index(wrong: str | None = None, status: int = 200) -> ResponseReturnValue:
    config = _config()
    page = render_template(
        "backup/restore.html",
        wrong=wrong,
        unfinished=restore_queries.find_unfinished(),
        backups=restore_queries.list_restorable(),
        restores=restore_queries.list_restores(),
        exists=lambda backup: archives.exists(config, backup.file_name),
        limit=uploads.limit_of(config),
        **_surroundings(),
    )
    return page, status


def _page(
    restore: Any, form: SureForm, status: int = 200, key_form: KeyForm | None = None
) -> ResponseReturnValue:
    page = render_template(
        "backup/restore_show.html",
        restore=restore,
        form=form,
        key_form=key_form or KeyForm(formdata=None),
        words=restore_words,
        is_mine=restore.user_id == current_user.id,
        head=preview.head(),
        **_surroundings(),
        **_running(restore),
    )
    return page, status


def _fragment(restore: Any) -> ResponseReturnValue:
    page = render_template(
        "backup/_restore_running.html", restore=restore, **_surroundings(), **_running(restore)
    )
    response = current_app.make_response(page)
    if restore.status not in restore_queries.UNFINISHED:
        response.headers["HX-Refresh"] = "true"  # it is done: show the whole page anew
    return response


def _running(restore: Any) -> dict[str, Any]:
    return {
        "is_held": is_held(restore.id),
        "progress": status_of_restore(restore, clock.now()),
        "is_unfinished": restore.status in restore_queries.UNFINISHED,
    }


def _surroundings() -> dict[str, Any]:
    now = clock.now()
    return {
        "now": now,
        "tz": zone_of(current_viewer()),
        "worker_runs": is_worker_running(now),
        "undoable": restore_queries.find_undo(now),
    }


def _begin(ask: Callable[[], Any], restore_id: str | None = None) -> ResponseReturnValue:
    try:
        restore = ask()
    except WifiError as error:
        return _refused(error, restore_id)
    return redirect(url_for("restore.show", restore_id=restore.id), 303)


def _refused(error: WifiError, restore_id: str | None = None) -> ResponseReturnValue:
    if error.status == 404:  # noqa: PLR2004 - the page for what does not exist says it best
        raise error
    flash(str(error), "danger")
    if restore_id is None:
        return redirect(url_for("restore.index"), 303)
    return redirect(url_for("restore.show", restore_id=restore_id), 303)


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
