"""The hotspots' pages."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.businesses.queries import zone_of
from wifiapp.errors import WifiError
from wifiapp.hotspots import operations, queries
from wifiapp.hotspots.forms import ManualHotspotForm
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("hotspots", __name__, url_prefix="/hotspots")


@bp.get("")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    viewer = current_viewer()
    return render_template(
        "hotspots/index.html", hotspots=queries.list_hotspots(viewer), tz=zone_of(viewer)
    )


@bp.route("/add", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def add() -> ResponseReturnValue:
    form = ManualHotspotForm(current_viewer())
    if not form.validate_on_submit():
        page = render_template("hotspots/add.html", form=form)
        return page, 422 if form.is_submitted() else 200
    hotspot = operations.add_manual_hotspot(
        current_actor(), form.name.data or "", form.system.data, form.business.data
    )
    flash(_("%(name)s was added. Tokens can be made for it.", name=hotspot.name), "success")
    return redirect(url_for("hotspots.index"), 303)


@bp.post("/<hotspot_id>/deactivate")
@allow("ADMIN", "MANAGER")
def deactivate(hotspot_id: str) -> ResponseReturnValue:
    return _activate(hotspot_id, active=False)


@bp.post("/<hotspot_id>/activate")
@allow("ADMIN", "MANAGER")
def activate(hotspot_id: str) -> ResponseReturnValue:
    return _activate(hotspot_id, active=True)


def _activate(hotspot_id: str, *, active: bool) -> ResponseReturnValue:
    hotspot = queries.get_hotspot(hotspot_id, current_viewer())
    if not hotspot.is_manual:
        raise WifiError(_("This hotspot is no manual one, so it is not changed here."))
    operations.activate_hotspot(current_actor(), hotspot.id, active=active)
    done = (
        _("%(name)s is used for new tokens again.", name=hotspot.name)
        if active
        else _("No new tokens are made for %(name)s. Its tokens stay.", name=hotspot.name)
    )
    flash(done, "success")
    return redirect(url_for("hotspots.index"), 303)
