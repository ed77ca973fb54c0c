"""What all pages share: who may enter, what surrounds a page, and the security headers."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wifiapp.access import ANYBODY, Actor, Viewer, allowed
from wifiapp.businesses import queries as businesses
from wifiapp.config import Config
from wifiapp.logs import request_id

VERSION = "0.1.0"
csrf = CSRFProtect()

# Label, endpoint, icon. A page is in the menu of the roles its view is open to.
NAVIGATION = (
    (_l("Dashboard"), "dashboard.index", "layout-dashboard"),
    (_l("Devices"), "devices.index", "device-mobile"),
    (_l("Sales"), "sales.index", "receipt"),
    (_l("Backups"), "backup.index", "database-export"),
    (_l("Users"), "users.index", "users"),
    (_l("Audit log"), "audit.index", "history"),
    (_l("System"), "system.index", "heartbeat"),
)

CONTENT_SECURITY_POLICY = "; ".join(
    (
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
)


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
        return Actor(None, "", request.remote_addr, request_id())
    return Actor(current_user.id, current_user.email, request.remote_addr, request_id())


def _guard() -> ResponseReturnValue | None:
    """Let in whom the view names; a view that names nobody lets nobody in."""
    if request.endpoint is None:
        return None  # 404 and 405 are answered by the router
    roles = allowed(current_app.view_functions[request.endpoint])
    if ANYBODY in roles:
        return None
    if not current_user.is_authenticated:
        return redirect(url_for("auth.sign_in", next=_way_back()), 303)
    if current_user.role not in roles:
        abort(403, _("Your role does not include this page. Ask an administrator."))
    return None


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
    return {"nav": _navigation(), "banners": _banners(), "app_version": VERSION}


def _navigation() -> list[NavItem]:
    role = getattr(current_user, "role", None)
    return [
        NavItem(str(label), url_for(endpoint), icon, active=_is_active(endpoint))
        for label, endpoint, icon in NAVIGATION
        if endpoint in current_app.view_functions
        and role in allowed(current_app.view_functions[endpoint])
    ]


def _is_active(endpoint: str) -> bool:
    return request.endpoint is not None and (
        request.endpoint.rpartition(".")[0] == endpoint.rpartition(".")[0]
    )


def _banners() -> list[Banner]:
    """Collect what the features want said above every page (see `banner`)."""
    found = (make() for make in current_app.extensions.get("wifiapp.banners", ()))
    return [banner for banner in found if banner is not None]


def banner(app: Flask, make: Any) -> None:
    """Register a function that returns a `Banner` or None; it must never raise."""
    app.extensions.setdefault("wifiapp.banners", []).append(make)
