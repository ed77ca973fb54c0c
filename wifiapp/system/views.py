"""The System page, /healthz, and what a broken schema shows everywhere."""

import platform
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from wifiapp import web
from wifiapp.access import allow, allow_anybody
from wifiapp.backup.freshness import A_DAY
from wifiapp.businesses.queries import list_businesses, zone_of
from wifiapp.config import VERSION, Config
from wifiapp.doctor.checkup import Report
from wifiapp.exports import plain
from wifiapp.formats import ago
from wifiapp.jobs.queries import list_workers
from wifiapp.system import disk, health, queries
from wifiapp.web import Banner, current_viewer

if TYPE_CHECKING:
    from flask import Flask

bp = Blueprint("system", __name__)


@bp.record_once
def _register(state: BlueprintSetupState) -> None:
    app = cast("Flask", state.app)
    health.init_app(app)
    web.banner(app, warn)
    web.banner(app, warn_of_old_backup)
    app.context_processor(lambda: {"schema_report": report_for_admin})


@bp.get("/healthz")
@allow_anybody
def healthz() -> ResponseReturnValue:
    """Tell a monitor how things are: 503 when the database is gone or its schema is sick.

    A silent worker, no backup of the last two days and harmless extras are "degraded", with 200.
    """
    found = health.look(health.SECONDS)
    response = jsonify(found.as_dict())
    response.status_code = 503 if found.status == "down" else 200
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/system")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Show the doctor's report, versions, workers and disks."""
    return render_template("system/index.html", tz=zone_of(current_viewer()), **_facts())


@bp.get("/system.json")
@allow("ADMIN")
def export() -> Response:
    """Answer with what the page shows."""
    facts = _facts()
    server, found = facts["server"], facts["health"]
    return jsonify(
        health=found.as_dict(),
        doctor=facts["report"].as_dict(),
        versions=dict(facts["versions"]),
        database={"name": server.database, "size": server.size},
        workers=[
            {"name": it.name, "startedAt": plain(it.started_at), "lastRunAt": plain(it.last_run_at)}
            for it in facts["workers"]
        ],
        disks=[
            {"name": it.name, "folder": str(it.folder), "total": it.total, "free": it.free}
            for it in facts["disks"]
        ],
    )


def warn() -> Banner | None:
    """Say above an administrator's pages what the System page says in full."""
    if getattr(current_user, "role", None) != "ADMIN" or request.endpoint == "system.index":
        return None
    found = health.look()
    url, label = url_for("system.index"), _("See what mends it")
    if found.report is not None and found.report.is_sick:
        text = ngettext(
            "The database is not what wifiapp needs: %(num)d difference. No backup can be made.",
            "The database is not what wifiapp needs: %(num)d differences. No backup can be made.",
            len(found.report.differences),
        )
        return Banner("danger", text, url, label)
    if found.report is not None and found.is_worker_silent:
        text = _("The background worker is not running: backups and clean-up wait for it.")
        return Banner("warning", text, url, _("See the workers"))
    return None


def warn_of_old_backup() -> Banner | None:
    """Say above an administrator's pages that what a backup would bring back is old, or nothing."""
    place = request.blueprint or ""
    if getattr(current_user, "role", None) != "ADMIN" or place in {
        "system",
        "backup",
        "backup_keys",
        "upkeep",
    }:
        return None
    found = health.look()
    if found.report is None or found.report.is_sick or found.freshness == "fresh":
        return None
    if found.freshness == "never" and not _has_old_shop(found.at):
        return None  # the first night makes one; until then the first steps name it
    made = ago(found.backup_made_at, found.at)
    level, text = {
        "never": ("info", _("There is no backup yet that could bring the shop back.")),
        "aging": ("warning", _("The last backup that restores was made %(ago)s.", ago=made)),
        "old": ("danger", _("The last backup that restores was made %(ago)s.", ago=made)),
        "ahead": ("warning", _("The last backup is dated in the future: the clock was wrong.")),
    }[found.freshness]
    return Banner(level, text, url_for("backup.index"), _("See the backups"))


def _has_old_shop(now: datetime) -> bool:
    return any(not each.is_demo and each.created_at < now - A_DAY for each in list_businesses())


def report_for_admin() -> Report | None:
    """Return the doctor's report for the page that a broken schema gets, None for others."""
    try:
        is_admin = getattr(current_user, "role", None) == "ADMIN"
    except Exception:  # noqa: BLE001 - the table of users may be what is broken
        return None
    return health.look(health.SECONDS).report if is_admin else None


def _facts() -> dict[str, Any]:
    config: Config = current_app.config["WIFIAPP"]
    found = health.look(health.NOW)
    if found.report is None:
        abort(503)
    server = queries.get_server()
    return {
        "health": found,
        "report": found.report,
        "server": server,
        "versions": [
            ("wifiapp", VERSION),
            ("PostgreSQL", server.version),
            ("Python", platform.python_version()),
        ],
        "is_embedded": config.database_url is None,
        "disks": disk.list_disks(config),
        "workers": list_workers()
        if found.report and not _lacks(found.report, "worker_states")
        else [],
    }


def _lacks(report: Report, table: str) -> bool:
    return any(it.table == table and it.kind in {"table", "column"} for it in report.differences)
