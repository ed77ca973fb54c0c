"""The signed-in person, kept by Flask-Login in a cookie that a password change ends."""

from secrets import token_hex

from flask import Flask, Response, current_app, request, session
from flask_login import LoginManager, login_user
from itsdangerous import BadSignature, URLSafeSerializer

from wifiapp.auth import queries
from wifiapp.auth.models import User
from wifiapp.auth.throttle import account_digest

KNOWN_BROWSER = "wifiapp_browser"
YEAR = 365 * 24 * 3600  # seconds
ACCOUNTS_A_BROWSER = 10  # a till is shared

manager = LoginManager()


def init_app(app: Flask) -> None:
    # `current_user` comes from wifiapp.web: Flask-Login would ask the database for it on
    # every template, also on the page that says that the database is away.
    manager.init_app(app, add_context_processor=False)
    manager.session_protection = None  # addresses change on a phone; the cookie is signed
    manager.user_loader(queries.find_session_user)


def begin(user: User) -> None:
    """Begin a new session for the user; nothing of the old one is left, its CSRF token neither."""
    session.clear()
    session.permanent = True
    login_user(user)


def known_browser(email: str) -> str | None:
    """Return the mark of this browser if somebody signed in to the account in it before."""
    mark, accounts = _read_browser()
    return mark if account_digest(email) in accounts else None


def remember_browser(response: Response, email: str) -> None:
    """Mark the browser as one in which somebody signed in to the account."""
    mark, accounts = _read_browser()
    digest = account_digest(email)
    others = [each for each in accounts if each != digest][: ACCOUNTS_A_BROWSER - 1]
    response.set_cookie(
        KNOWN_BROWSER,
        _signer().dumps([mark, digest, *others]),
        max_age=YEAR,
        path="/sign-in",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _read_browser() -> tuple[str, list[str]]:
    """Return the browser's mark, a new one when it has none, and the accounts it knows."""
    try:
        mark, *accounts = _signer().loads(request.cookies.get(KNOWN_BROWSER, ""))
    except (BadSignature, ValueError, TypeError):
        return token_hex(8), []
    return mark, accounts


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="wifiapp known browser")
