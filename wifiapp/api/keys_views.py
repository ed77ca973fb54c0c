"""The pages on which keys are made and revoked."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.api import operations, queries
from wifiapp.api.forms import WORDS, KeyForm
from wifiapp.api.operations import PER_MINUTE, InvalidKey
from wifiapp.businesses import queries as businesses
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("api_keys", __name__, url_prefix="/api-keys")


@bp.get("")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    viewer = current_viewer()
    return render_template(
        "api/index.html",
        keys=queries.list_keys(viewer),
        words=WORDS,
        root=request.url_root,
        per_minute=PER_MINUTE,
        tz=businesses.zone_of(viewer),
    )


@bp.route("/add", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def add() -> ResponseReturnValue:
    """Make a key and show it in the answer to the POST: it is nowhere else."""
    form = KeyForm(current_viewer())
    if not form.validate_on_submit():
        return render_template("api/add.html", form=form), 422 if form.is_submitted() else 200
    try:
        key, text = operations.add_key(
            current_actor(),
            form.business.data,
            form.name.data or "",
            form.scopes.data or (),
            form.channel.data or "",
        )
    except InvalidKey as error:
        form.show(error.problems)
        return render_template("api/add.html", form=form), 422
    page = render_template("api/made.html", key=key, text=text, root=request.url_root)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/<key_id>/revoke")
@allow("ADMIN", "MANAGER")
def revoke(key_id: str) -> ResponseReturnValue:
    key = queries.get_key(key_id, current_viewer())
    operations.revoke_key(current_actor(), key.id)
    flash(_("The key %(name)s is revoked. What it sold stays.", name=key.name), "success")
    return redirect(url_for("api_keys.index"), 303)
