"""What people meet at the gate: a change that has to wait, and the banner that says so."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import ServiceUnavailable

from wifiapp.backup import hold
from wifiapp.logs import request_id
from wifiapp.web import Banner

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# What changes nothing that a restore takes away.
NOT_HELD = {"auth.sign_in", "auth.sign_out"}
RETRY_AFTER = 10  # seconds


def hold_changes() -> ResponseReturnValue | None:
    """Refuse changes while a restore is under way, so that none is made only to be lost."""
    if request.method in SAFE_METHODS or request.endpoint is None:
        return None
    if request.endpoint in NOT_HELD or request.blueprint in {"backup", "restore"}:
        return None
    if hold.may_change():
        hold.pass_each()
        return None
    message = _("Pages can be read meanwhile; changes have to wait until it is done.")
    if request.accept_mimetypes.best == "application/json" or request.path.startswith("/api/"):
        raise ServiceUnavailable(message, retry_after=RETRY_AFTER)
    page = render_template(
        "errors/restoring.html", message=message, status=503, request_id=request_id()
    )
    return page, 503, {"Retry-After": str(RETRY_AFTER)}


def tell() -> Banner | None:
    """Say above every page that changes have to wait."""
    if not current_user.is_authenticated or not hold.is_shut():
        return None
    is_admin = current_user.role == "ADMIN"
    return Banner(
        "warning",
        _("A backup is being restored. Pages can be read; changes wait until it is done."),
        url_for("restore.index") if is_admin else "",
        _("See how far it is") if is_admin else "",
    )
