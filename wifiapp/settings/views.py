"""The Settings page."""

import shlex

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.businesses.queries import list_businesses
from wifiapp.config import Config
from wifiapp.settings import operations, queries
from wifiapp.settings.forms import SettingsForm
from wifiapp.web import current_actor

bp = Blueprint("settings", __name__)


@bp.route("/settings", methods=["GET", "POST"])
@allow("ADMIN")
def index() -> ResponseReturnValue:
    """Show the settings, and save what was changed."""
    form = SettingsForm(queries.get_zone(), queries.get_backup_plan())
    if form.validate_on_submit():
        changed = operations.save_settings(form.zone.data, form.plan(), current_actor())
        flash(_("Saved.") if changed else _("Nothing was changed."), "success")
        return redirect(url_for("settings.index"), 303)
    config = _config()
    page = render_template(
        "settings/index.html",
        form=form,
        hook=shlex.join(config.backup_hook),
        hook_seconds=config.backup_hook_seconds,
        folder=config.backup_dir,
        businesses=list_businesses(),
    )
    return page, 422 if form.is_submitted() else 200


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
