"""The users' pages."""

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.auth import queries, users_operations
from wifiapp.auth.users_forms import InviteForm, UserForm
from wifiapp.businesses import queries as businesses
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("users", __name__, url_prefix="/users")


@bp.get("")
@allow("ADMIN")
def index() -> ResponseReturnValue:
    return render_template("users/index.html", users=queries.list_users(), tz=_zone())


@bp.route("/invite", methods=["GET", "POST"])
@allow("ADMIN")
def invite() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate_on_submit():
        return render_template("users/invite.html", form=form), 422 if form.is_submitted() else 200
    try:
        user, password = users_operations.create_user(
            current_actor(),
            form.email.data or "",
            form.role.data,
            name=form.name.data or "",
            business_ids=form.businesses.data or (),
        )
    except users_operations.EmailTaken as error:
        form.email.errors = [str(error)]
        return render_template("users/invite.html", form=form), 422
    return _one_time_password(user.email, password, invited=True)


@bp.route("/<user_id>", methods=["GET", "POST"])
@allow("ADMIN")
def edit(user_id: str) -> ResponseReturnValue:
    user = queries.get_user(user_id)
    member_of = businesses.list_business_ids_of(user.id)
    form = UserForm(data={"name": user.name, "role": user.role, "businesses": list(member_of)})
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            users_operations.change_user(
                current_actor(),
                user.id,
                name=form.name.data or "",
                role=form.role.data,
                business_ids=form.businesses.data or (),
            )
        except users_operations.LastAdmin as error:
            form.role.errors = [str(error)]
        else:
            flash(_("%(email)s is saved.", email=user.email), "success")
            return redirect(url_for("users.index"), 303)
    return render_template("users/edit.html", form=form, user=user, tz=_zone()), status


@bp.post("/<user_id>/disable")
@allow("ADMIN")
def disable(user_id: str) -> ResponseReturnValue:
    try:
        user = users_operations.disable_user(current_actor(), user_id)
    except (users_operations.LastAdmin, users_operations.NotYourself) as error:
        flash(str(error), "danger")
    else:
        flash(_("%(email)s is disabled and signed out everywhere.", email=user.email), "success")
    return redirect(url_for("users.index"), 303)


@bp.post("/<user_id>/enable")
@allow("ADMIN")
def enable(user_id: str) -> ResponseReturnValue:
    user = users_operations.enable_user(current_actor(), user_id)
    flash(_("%(email)s can sign in again.", email=user.email), "success")
    return redirect(url_for("users.index"), 303)


@bp.post("/<user_id>/password")
@allow("ADMIN")
def reset_password(user_id: str) -> ResponseReturnValue:
    password = users_operations.reset_password(current_actor(), user_id)
    return _one_time_password(queries.get_user(user_id).email, password, invited=False)


def _one_time_password(email: str, password: str | None, *, invited: bool) -> ResponseReturnValue:
    """Show the password in the answer to the POST: it is nowhere else and never shown again."""
    page = render_template("users/one_time.html", email=email, password=password, invited=invited)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _zone() -> str:
    return businesses.zone_of(current_viewer())
