"""The page on which a hotspot's portal gets its key, and how it is used."""

from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.businesses.queries import zone_of
from wifiapp.hotspots.queries import get_hotspot
from wifiapp.presence import operations, queries
from wifiapp.presence.forms import IntervalForm
from wifiapp.presence.operations import PER_MINUTE
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("presence_keys", __name__, url_prefix="/hotspots/<hotspot_id>/presence")


@bp.get("")
@allow("ADMIN", "MANAGER")
def show(hotspot_id: str) -> ResponseReturnValue:
    hotspot = get_hotspot(hotspot_id, current_viewer())
    return _page(hotspot, IntervalForm(interval=hotspot.poll_interval))


@bp.post("/interval")
@allow("ADMIN", "MANAGER")
def interval(hotspot_id: str) -> ResponseReturnValue:
    hotspot, form = _manual(hotspot_id), IntervalForm()
    if not form.validate_on_submit():
        return _page(hotspot, form), 422
    operations.change_interval(current_actor(), hotspot.id, form.interval.data)
    flash(_("A push is expected every %(count)s seconds.", count=form.interval.data), "success")
    return redirect(url_for(".show", hotspot_id=hotspot.id), 303)


@bp.post("/key")
@allow("ADMIN", "MANAGER")
def make(hotspot_id: str) -> ResponseReturnValue:
    """Make a key and show it in the answer to the POST: it is nowhere else."""
    hotspot = _manual(hotspot_id)
    replace = request.form.get("replace") == "yes"
    key, text = operations.make_key(current_actor(), hotspot.id, replace=replace)
    page = render_template(
        "presence/made.html", hotspot=hotspot, key=key, text=text, root=request.url_root
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/revoke")
@allow("ADMIN", "MANAGER")
def revoke(hotspot_id: str) -> ResponseReturnValue:
    hotspot = _manual(hotspot_id)
    operations.revoke_key(current_actor(), hotspot.id)
    flash(_("Nobody pushes for %(name)s any more. What was told stays.", name=hotspot.name))
    return redirect(url_for(".show", hotspot_id=hotspot.id), 303)


def _manual(hotspot_id: str) -> Any:
    hotspot = get_hotspot(hotspot_id, current_viewer())
    if not hotspot.is_manual:
        abort(404, _("This hotspot is asked who is online: its portal has nothing to push."))
    return hotspot


def _page(hotspot: Any, form: IntervalForm) -> str:
    return render_template(
        "presence/show.html",
        hotspot=hotspot,
        form=form,
        key=queries.find_key(hotspot.id),
        root=request.url_root,
        per_minute=PER_MINUTE,
        tz=zone_of(current_viewer()),
    )
