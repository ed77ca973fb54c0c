"""What all pages share: who may enter, what surrounds a page, and the security headers."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

from wifiapp import late
from wifiapp.access import ANYBODY, KEY, Actor, View, Viewer, allowed
from wifiapp.businesses import queries as businesses
from wifiapp.config import VERSION, Config
from wifiapp.logs import request_id

MakeBanner = Callable[[], "Banner | None"]

# What somebody with a one-time password may open until they have set their own.
BEFORE_OWN_PASSWORD = frozenset({"auth.password", "auth.sign_out"})

# Label, endpoint, icon. A page is in the menu of the roles its view is open to.
NAVIGATION = (
    (_l("Dashboard"), "dashboard.index", "layout-dashboard"),
    (_l("Devices"), "devices.index", "device-mobile"),
    (_l("Tokens"), "tokens.index", "ticket"),
    (_l("Sell"), "sell.index", "cash-register"),
    (_l("Sales"), "sales.index", "receipt"),
    (_l("Analytics"), "analytics.index", "chart-bar"),
    (_l("Hotspots"), "hotspots.index", "router"),
    (_l("Backups"), "backup.index", "database-export"),
    (_l("Users"), "users.index", "users"),
    (_l("Audit log"), "audit.index", "history"),
    (_l("Settings"), "settings.index", "settings"),
    (_l("System"), "system.index", "heartbeat"),
)

# Pages that the menu does not name, by the one that leads to them.
BELOW = {"/businesses": "/settings", "/api-keys": "/sales", "/leaks": "/sales"}

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(POLICY)


class _Csrf(CSRFProtect):  # type: ignore[misc]
    """Refuses a POST without the token of its session, in words that help."""

    def _get_csrf_token(self) -> str | None:
        token: str | None = g.get("token_in_stream") or super()._get_csrf_token()
        return token

    def _error_response(self, reason: str) -> NoReturn:  # noqa: ARG002 - theirs
        if not _streams() and (back := late.way_back()):
            abort(back)
        abort(
            400,
            _(
                "The form was sent from a page that is out of date, or the browser keeps no "
                "cookies for this site. Nothing was changed."
            ),
        )


csrf = _Csrf()


def streaming(view: View) -> View:
    """Let a view read its request's body itself, which must call `check_token` first thing."""
    csrf.exempt(view)
    view._streams = True  # type: ignore[attr-defined]  # noqa: SLF001 - read by `_streams`
    return view


def check_token(token: str) -> None:
    """Refuse the request of a streaming view without the token of its session."""
    g.token_in_stream = token or request.headers.get("X-CSRFToken") or "none"
    csrf.protect()


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str
    active: bool


@dataclass(frozen=True)
class Banner:
    """A line above every page: what is wrong and where to read on; level as in flashes."""

    level: str
    text: str
    url: str = ""
    link_label: str = ""


def init_app(app: Flask, config: Config) -> None:
    if config.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    csrf.init_app(app)
    app.before_request(_guard)
    app.after_request(_secure)
    app.context_processor(_surroundings)


def home_url() -> str:
    """Return the first page that the signed-in person may open."""
    pages = _navigation()
    return pages[0].url if pages else url_for("auth.password")


def current_viewer() -> Viewer:
    """Return what the signed-in person may see."""
    user = current_user
    everything = user.role == "ADMIN"
    return Viewer(
        user_id=user.id,
        role=user.role,
        business_ids=None if everything else businesses.list_business_ids_of(user.id),
        only_sales_by=user.id if user.role == "SELLER" else None,
    )


def current_actor() -> Actor:
    """Return who acts in this request, for the audit log."""
    if not current_user.is_authenticated:
        return Actor(None, "", address(), request_id())
    return Actor(current_user.id, current_user.email, address(), request_id())


def address() -> str | None:
    """Return where the request comes from, None when it is no IP address."""
    text = (request.remote_addr or "").partition("%")[0]  # fe80::1%eth0
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _guard() -> ResponseReturnValue | None:
    """Let in whom the view names; a view that names nobody lets nobody in."""
    if request.endpoint is None:
        return None  # 404 and 405 are answered by the router
    _refuse_nul()
    roles = allowed(current_app.view_functions[request.endpoint])
    if roles & {ANYBODY, KEY}:
        return None
    if not current_user.is_authenticated:
        if _streams():
            check_token("")  # by its header: what a stranger sends is not read
        return late.way_back() or redirect(url_for("auth.sign_in", next=_way_back()), 303)
    if current_user.must_change_password and request.endpoint not in BEFORE_OWN_PASSWORD:
        return redirect(url_for("auth.password"), 303)
    if current_user.role not in roles:
        if request.path == "/":
            return redirect(home_url(), 303)
        abort(403, _("Your role does not include this page. Ask an administrator."))
    return None


def _refuse_nul() -> None:
    """Refuse the one character that PostgreSQL has no place for (`filters` do for themselves)."""
    if _streams():
        return
    given = [request.path, *request.form.keys()]
    for values in request.form.listvalues():
        given += values
    if any("\0" in text for text in given):
        abort(400, _("The address or the form holds a character that no text has."))


def _streams() -> bool:
    return hasattr(current_app.view_functions[request.endpoint or ""], "_streams")


def _way_back() -> str | None:
    """Return where to go after signing in: this page, when it is one that can be opened."""
    wanted = request.full_path.rstrip("?")
    return wanted if request.method == "GET" and wanted != "/" else None


def _secure(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        # no-cache, not no-store: a live page asks again with its ETag and gets a 304
        headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _surroundings() -> dict[str, Any]:
    """Offer what layouts show; asked for on use, as a page without a database asks for none."""
    return {
        "current_user": current_user,
        "nav": LocalProxy(_navigation),
        "banners": LocalProxy(_banners),
        "app_version": VERSION,
    }


def _navigation() -> list[NavItem]:
    role = getattr(current_user, "role", None)
    return [
        NavItem(str(label), url_for(endpoint), icon, active=_is_active(url_for(endpoint)))
        for label, endpoint, icon in NAVIGATION
        if endpoint in current_app.view_functions
        and role in allowed(current_app.view_functions[endpoint])
    ]


def _is_active(url: str) -> bool:
    """Tell whether this is the page or one below it."""
    root = "/" + request.path.split("/")[1]
    return BELOW.get(root, request.path) == url or request.path.startswith(f"{url}/")


def _banners() -> list[Banner]:
    """Collect what the features want said above every page (see `banner`)."""
    makers: list[MakeBanner] = current_app.extensions.get("wifiapp.banners", [])
    found = (make() for make in makers)
    return [banner for banner in found if banner is not None]


def banner(app: Flask, make: MakeBanner) -> None:
    """Register a function that returns a `Banner` or None; it must never raise."""
    app.extensions.setdefault("wifiapp.banners", []).append(make)
