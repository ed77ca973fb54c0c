"""The demo shop's buttons."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.demo import operations
from wifiapp.web import current_actor

bp = Blueprint("demo", __name__, url_prefix="/demo")


@bp.post("/load")
@allow("ADMIN")
def load() -> ResponseReturnValue:
    if operations.load_demo(current_actor(), clock.now()).changed:
        flash(_("The demo shops are open. Look around; remove them when you are done."), "success")
    else:
        flash(_("The demo shops are there already."), "info")
    return redirect(url_for("dashboard.index"), 303)


@bp.post("/remove")
@allow("ADMIN")
def remove() -> ResponseReturnValue:
    if operations.remove_demo(current_actor()).changed:
        flash(_("The demo shops are gone. Nothing else was touched."), "success")
    else:
        flash(_("There is no demo data."), "info")
    return redirect(url_for("dashboard.index"), 303)
