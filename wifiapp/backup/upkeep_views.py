"""The pages beside the catalogue: what goes, a run's log, what was proved, the off-site copy."""

from flask import Blueprint, Response, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.backup import hook_operations, queries, retention_operations
from wifiapp.backup.schedule_queries import find_report, get_retention
from wifiapp.businesses.queries import zone_of
from wifiapp.config import Config
from wifiapp.errors import NotFound, WifiError
from wifiapp.formats import bytes_
from wifiapp.settings.queries import get_backup_plan
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("upkeep", __name__, url_prefix="/backups")


@bp.get("/old")
@allow("ADMIN")
def old() -> ResponseReturnValue:
    """Show which backups stay and which the rules let go."""
    return render_template(
        "backup/old.html",
        retention=get_retention(_config(), clock.now()),
        rules=get_backup_plan(),
        tz=zone_of(current_viewer()),
    )


@bp.post("/old")
@allow("ADMIN")
def prune() -> ResponseReturnValue:
    """Delete what the rules let go."""
    try:
        gone = retention_operations.prune(_config(), clock.now(), current_actor())
    except WifiError as error:
        flash(str(error), "danger")
        return redirect(url_for("upkeep.old"), 303)
    told = ngettext("%(num)d backup was deleted", "%(num)d backups were deleted", len(gone))
    flash(f"{told} ({bytes_(sum(each.size for each in gone))}).", "success")
    return redirect(url_for("backup.index"), 303)


@bp.get("/<backup_id>/log.txt")
@allow("ADMIN")
def log(backup_id: str) -> ResponseReturnValue:
    """Hand out what the run wrote into its log."""
    backup, report = queries.get_backup(backup_id), find_report(backup_id)
    if report is None or not report.log:
        raise NotFound(_("This run left no log."))
    response = Response(report.log, mimetype="text/plain")
    name = f"wifiapp-backup-{backup.created_at:%Y%m%dT%H%M%SZ}.log"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/<backup_id>/proof")
@allow("ADMIN")
def proof(backup_id: str) -> ResponseReturnValue:
    """Show what was proved of the archive, fit to be printed."""
    backup, report = queries.get_backup(backup_id), find_report(backup_id)
    if backup.verified_at is None or report is None or report.proof is None:
        raise NotFound(_("Nothing was proved of this backup yet. Verify it again."))
    return render_template(
        "backup/proof.html", backup=backup, proof=report.proof, tz=zone_of(current_viewer())
    )


@bp.post("/<backup_id>/send")
@allow("ADMIN")
def send(backup_id: str) -> ResponseReturnValue:
    """Let the off-site command be run once more."""
    try:
        hook_operations.request_hook(_config(), backup_id, current_actor())
        flash(_("The off-site command was asked for. You can leave this page."), "success")
    except NotFound:
        raise
    except WifiError as error:
        flash(str(error), "danger")
    return redirect(url_for("backup.show", backup_id=backup_id), 303)


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
