"""Signing in and out, and one's own password."""

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from wifiapp import clock
from wifiapp.access import EVERY_ROLE, allow, allow_anybody
from wifiapp.auth import operations, sessions
from wifiapp.auth.forms import PasswordForm, SignInForm
from wifiapp.auth.next_page import own_page
from wifiapp.web import current_actor, home_url

bp = Blueprint("auth", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@allow_anybody
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(_next_page(), 303)
    if not form.validate_on_submit():
        return _sign_in_page(form, 422 if form.is_submitted() else 200)
    email = form.email.data or ""
    try:
        user = operations.sign_in(
            email,
            form.password.data or "",
            current_actor(),
            clock.now(),
            sessions.known_browser(email),
        )
    except operations.SignInRefused:
        return _sign_in_page(form, 422, refused=True)
    except operations.TooManyTries as error:
        return _sign_in_page(form, 429, wait=error.retry_after)
    sessions.begin(user)
    response = make_response(redirect(_next_page(), 303))
    sessions.remember_browser(response, user.email)
    return response


@bp.post("/sign-out")
@allow(*EVERY_ROLE)
def sign_out() -> ResponseReturnValue:
    operations.sign_out(current_actor())
    session.clear()
    flash(_("You have signed out."), "success")
    return redirect(url_for("auth.sign_in"), 303)


@bp.route("/password", methods=["GET", "POST"])
@allow(*EVERY_ROLE)
def password() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate_on_submit():
        return _password_page(form, 422 if form.is_submitted() else 200)
    try:
        user = operations.change_own_password(
            current_actor(),
            current_user.id,
            form.old.data or "",
            form.new.data or "",
            clock.now(),
        )
    except operations.WrongPassword as error:
        form.old.errors = [str(error)]
        return _password_page(form, 422)
    except operations.WeakPassword as error:
        form.new.errors = [str(error)]
        return _password_page(form, 422)
    except operations.TooManyTries as error:
        return _password_page(form, 429, wait=error.retry_after)
    sessions.begin(user)
    flash(_("Your password is changed. Other browsers have been signed out."), "success")
    return redirect(home_url(), 303)


def _next_page() -> str:
    return own_page(request.args.get("next"), current_user.role) or home_url()


def _sign_in_page(
    form: SignInForm, status: int, *, refused: bool = False, wait: int = 0
) -> ResponseReturnValue:
    page = render_template("auth/sign_in.html", form=form, refused=refused, wait=wait)
    return page, status, {"Retry-After": str(wait)} if wait else {}


def _password_page(form: PasswordForm, status: int, *, wait: int = 0) -> ResponseReturnValue:
    if current_user.must_change_password:
        form.old.label.text = _("One-time password")
    page = render_template("auth/password.html", form=form, wait=wait)
    return page, status, {"Retry-After": str(wait)} if wait else {}
