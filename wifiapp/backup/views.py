"""The backup pages."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.backup import archives, engine, operations, queries
from wifiapp.backup.engine import BackupError, SchemaSick
from wifiapp.backup.forms import CreateForm, DeleteForm
from wifiapp.backup.freshness import TONES, freshness
from wifiapp.backup.hook_queries import find_hook_run, find_last_hook_run
from wifiapp.backup.progress import status_of
from wifiapp.backup.restore_queries import find_undo
from wifiapp.backup.schedule_queries import find_report, get_daily, get_retention
from wifiapp.businesses.queries import zone_of
from wifiapp.config import Config
from wifiapp.errors import WifiError
from wifiapp.jobs import queries as jobs
from wifiapp.lists import asked_page
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("backup", __name__, url_prefix="/backups")
FRAGMENT = "backup-running"  # the part that asks again each second while a backup runs


@bp.get("")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Show the state of the backups, the form for a new one, and the catalogue."""
    if request.headers.get("HX-Target") == FRAGMENT:
        return _fragment()
    return _index(CreateForm(formdata=None))


@bp.post("")
@allow("ADMIN")
def create() -> ResponseReturnValue:
    """Ask for a backup."""
    form = CreateForm()
    if not form.validate_on_submit():
        return _index(form, 422)
    try:
        operations.request_backup(
            _config(), form.options(), current_actor(), encrypt=form.encrypt.data
        )
    except SchemaSick as error:
        return _index(form, 409, sick=error)
    except WifiError as error:
        return _refused(error, "backup.index")
    flash(_("The backup was started. You can leave this page; it goes on."), "success")
    return redirect(url_for("backup.index"), 303)


@bp.get("/<backup_id>")
@allow("ADMIN")
def show(backup_id: str) -> ResponseReturnValue:
    """Show everything that is known of one backup."""
    backup = queries.get_backup(backup_id)
    manifest, damage = None, None
    if backup.file_name and backup.finished_at:
        try:
            path = archives.path_of(_config(), backup.file_name)
            manifest = None if backup.is_encrypted else engine.inspect(path)
        except BackupError as error:
            damage = str(error)
    return render_template(
        "backup/show.html",
        backup=backup,
        manifest=manifest,
        damage=damage,
        folder=_config().backup_dir,
        report=find_report(backup_id),
        sent=find_hook_run(backup_id),
        **_surroundings(),
    )


@bp.get("/<backup_id>/download")
@allow("ADMIN")
def download(backup_id: str) -> ResponseReturnValue:
    """Send the archive, or the part of it that was asked for."""
    backup = queries.get_backup(backup_id)
    path = archives.path_of(_config(), backup.file_name)
    if backup.verified_at is None:
        raise WifiError(_("This archive did not pass its check, so it is not handed out."))
    try:
        response = send_file(
            path,
            mimetype="application/octet-stream" if backup.is_encrypted else "application/zip",
            as_attachment=True,
            download_name=path.name,
            etag=backup.sha256 or False,
        )
    except RequestedRangeNotSatisfiable:
        return Response(status=416, headers={"Content-Range": f"bytes */{backup.size}"})
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-SHA256"] = backup.sha256 or ""
    if request.method == "GET" and response.status_code in {200, 206}:
        operations.record_download(backup_id, current_actor())
    return response


@bp.post("/<backup_id>/verify")
@allow("ADMIN")
def verify(backup_id: str) -> ResponseReturnValue:
    """Ask for another proof that the archive restores."""
    return _do(
        lambda: operations.request_check(_config(), backup_id, current_actor()),
        _("The archive is being checked again. You can leave this page; it goes on."),
    )


@bp.post("/<backup_id>/cancel")
@allow("ADMIN")
def cancel(backup_id: str) -> ResponseReturnValue:
    """Cancel a waiting or running backup."""
    return _do(
        lambda: operations.cancel_backup(_config(), backup_id, current_actor()),
        _("The backup is being cancelled. Your data was not changed."),
    )


@bp.post("/<backup_id>/pin")
@allow("ADMIN")
def pin(backup_id: str) -> ResponseReturnValue:
    """Protect the backup, or no longer."""
    pinned = request.form.get("pinned") == "yes"
    return _do(
        lambda: operations.pin_backup(backup_id, current_actor(), pinned=pinned),
        _("The backup is pinned: it cannot be deleted.") if pinned else _("The pin was removed."),
    )


@bp.route("/<backup_id>/delete", methods=["GET", "POST"])
@allow("ADMIN")
def delete(backup_id: str) -> ResponseReturnValue:
    """Say what would be lost, then delete the backup."""
    backup, last = queries.get_backup(backup_id), queries.find_last_verified()
    form = DeleteForm()
    is_last = last is not None and last.id == backup.id
    if not is_last:
        del form.phrase
    if form.validate_on_submit():
        return _do(
            lambda: operations.delete_backup(_config(), backup_id, current_actor(), sure=is_last),
            _("The backup was deleted."),
        )
    page = render_template(
        "backup/delete.html", backup=backup, form=form, is_last=is_last, **_surroundings()
    )
    return page, 422 if form.is_submitted() else 200


def _index(
    form: CreateForm, status: int = 200, sick: SchemaSick | None = None
) -> ResponseReturnValue:
    now, last = clock.now(), queries.find_last_verified()
    page = render_template(
        "backup/index.html",
        form=form,
        sick=sick,
        **asked_page(queries.list_backups),
        last=last,
        freshness=freshness(last.created_at if last else None, now),
        tones=TONES,
        daily=get_daily(now),
        retention=get_retention(_config(), now),
        last_sent=find_last_hook_run(),
        free_space=archives.free_space(_config()),
        exists=lambda backup: archives.exists(_config(), backup.file_name),
        **_surroundings(),
    )
    return page, status


def _fragment() -> ResponseReturnValue:
    surroundings = _surroundings()
    response = current_app.make_response(render_template("backup/_running.html", **surroundings))
    if surroundings["running"] is None:
        response.headers["HX-Refresh"] = "true"  # it is done: show the whole page anew
    return response


def _surroundings() -> dict[str, Any]:
    """Collect what each backup page shows: what runs, who runs it, in which zone."""
    now, running = clock.now(), queries.find_unfinished()
    return {
        "now": now,
        "running": running,
        "is_held": running is not None and queries.is_held(running.id),
        "progress": running and status_of(running, now),
        "worker_runs": jobs.is_worker_running(now),
        "worker_seen": jobs.find_last_run(),
        "has_hook": bool(_config().backup_hook),
        "undoable": find_undo(now),
        "tz": zone_of(current_viewer()),
    }


def _do(change: Any, done: str) -> ResponseReturnValue:
    """Make the change, say so, and go back to the list."""
    try:
        change()
    except WifiError as error:
        return _refused(error, "backup.index")
    flash(done, "success")
    return redirect(url_for("backup.index"), 303)


def _refused(error: WifiError, endpoint: str) -> ResponseReturnValue:
    if error.status == 404:  # noqa: PLR2004 - the page for what does not exist says it best
        raise error
    flash(str(error), "danger")
    return redirect(url_for(endpoint), 303)


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
