"""The pages of the emergency kit, and of archives that need its key."""

from typing import Any

import segno
from flask import Blueprint, current_app, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.backup import keys, keys_operations, keys_queries, queries
from wifiapp.backup.engine import BackupError
from wifiapp.backup.keys_forms import ConfirmForm, KeyForm
from wifiapp.backup.keys_operations import NotKept
from wifiapp.backup.sure_forms import PasswordForm
from wifiapp.backup.sure_views import is_sure
from wifiapp.businesses.queries import zone_of
from wifiapp.config import Config
from wifiapp.errors import WifiError
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("backup_keys", __name__, url_prefix="/backups")
RETIRE = "retire"  # before the names of its fields: two forms of the page have a password


@bp.get("/key")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Show which key archives are encrypted for, and which ones there were."""
    return _index()


@bp.post("/key")
@allow("ADMIN")
def make() -> ResponseReturnValue:
    """Make a key and show the emergency kit, this once."""
    key, row = keys_operations.make_key(current_actor())
    page = render_template(
        "backup/kit.html",
        key=key,
        row=row,
        form=ConfirmForm(formdata=None),
        square=_square(key.secret),
        proved=keys.PROVED,
        **_surroundings(),
    )
    return _unkept(page)


@bp.post("/key/confirm")
@allow("ADMIN")
def confirm() -> ResponseReturnValue:
    """Put the new key in force once its owner has shown that it was kept."""
    form = ConfirmForm()
    if not is_sure(form):
        return _index(form, status=429 if form.wait else 422)
    try:
        row = keys_operations.confirm_key(form.typed.data, current_actor())
    except NotKept as error:
        form.typed.errors = [str(error)]
        return _index(form, status=422)
    except WifiError as error:
        return _refused(error)
    flash(
        _("From now on backups are encrypted for the key %(key)s.", key=row.fingerprint), "success"
    )
    return redirect(url_for(".index"), 303)


@bp.post("/key/retire")
@allow("ADMIN")
def retire() -> ResponseReturnValue:
    """Encrypt no more."""
    form = PasswordForm(prefix=RETIRE)
    if not is_sure(form):
        return _index(retire_form=form, status=429 if form.wait else 422)
    try:
        row = keys_operations.retire_key(current_actor())
    except WifiError as error:
        return _refused(error)
    said = _(
        "Backups are no longer encrypted. Keep the kit %(key)s: it opens those that are.",
        key=row.fingerprint,
    )
    flash(said, "success")
    return redirect(url_for(".index"), 303)


@bp.route("/<backup_id>/check-with-key", methods=["GET", "POST"])
@allow("ADMIN")
def check(backup_id: str) -> ResponseReturnValue:
    """Ask for the key of an encrypted archive, and for another proof that it restores."""
    backup, form = queries.get_backup(backup_id), KeyForm()
    if form.validate_on_submit():
        try:
            keys_operations.request_check(_config(), backup_id, form.keys, current_actor())
        except BackupError as error:
            form.identity.errors = [str(error)]
        else:
            flash(
                _("The archive is being checked again. You can leave this page; it goes on."),
                "success",
            )
            return redirect(url_for("backup.index"), 303)
    page = render_template(
        "backup/check_with_key.html", backup=backup, form=form, **_surroundings()
    )
    return _unkept(page, 422 if form.is_submitted() else 200)


def _index(
    form: ConfirmForm | None = None, retire_form: PasswordForm | None = None, status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "backup/key.html",
        form=form or ConfirmForm(formdata=None),
        retire_form=retire_form or PasswordForm(formdata=None, prefix=RETIRE),
        in_force=keys_queries.find_in_force(),
        waiting=keys_queries.find_waiting(),
        all_keys=keys_queries.list_keys(),
        archives=keys_queries.count_archives(),
        proved=keys.PROVED,
        **_surroundings(),
    )
    return page, status


def _square(secret: str) -> Markup:
    """Draw the key as a QR code; not by `qr`, which remembers for a while what it drew."""
    code = segno.make(secret, error="m", boost_error=False)
    svg = code.svg_inline(border=4, light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return Markup(svg)  # noqa: S704 - made of squares, not of what somebody typed


def _unkept(page: str, status: int = 200) -> ResponseReturnValue:
    """Answer with a page that holds a secret, and that no browser keeps."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _surroundings() -> dict[str, Any]:
    return {"now": clock.now(), "tz": zone_of(current_viewer())}


def _refused(error: WifiError) -> ResponseReturnValue:
    flash(str(error), "danger")
    return redirect(url_for(".index"), 303)


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
