"""Forms that came too late: whoever was signed out meanwhile gets back to what they typed.

Nothing of such a form is done, though an earlier try whose answer was lost may have been. Its page
is opened again, after signing in where that is needed, and the browser, which alone has kept what
was typed, puts it back for the same person where the address ends on `#typed`: with the key of the
form, so that what was done already is not done twice.
"""

from urllib.parse import urlsplit

from flask import Response, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

TYPED = "#typed"


def way_back() -> Response | None:
    """Return the way back to the form, None when a page of another site may have sent it."""
    sent_by = urlsplit(request.referrer or "")
    is_ours = sent_by.netloc == request.host and not sent_by.path.startswith("//")
    if request.method == "GET" or not is_ours:
        return None
    page = sent_by.path + (f"?{sent_by.query}" if sent_by.query else "")
    if request.endpoint == "auth.sign_in":
        if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
            return None  # whoever keeps no cookies would come here again and again, unseen
        flash(_("That page was open for too long. Please sign in once more."), "warning")
        return _lead_to(page)
    page += TYPED
    if current_user.is_authenticated:
        flash(
            _(
                "You signed in anew meanwhile, so this time nothing was done. What you typed "
                "yourself is here again: look at it and send it once more."
            ),
            "warning",
        )
        return _lead_to(page, anew=True)
    flash(
        _(
            "You were signed out meanwhile, so this time nothing was done. Sign in, and what you "
            "typed yourself is there again."
        ),
        "warning",
    )
    return _lead_to(url_for("auth.sign_in", next=page))


def _lead_to(url: str, *, anew: bool = False) -> Response:
    """Redirect a browser, and a script of ours, which would follow it unseen, by its header."""
    if "HX-Request" in request.headers:
        headers = {"HX-Redirect": url}
        if anew:  # where only the end of its address is another, a page would not be loaded
            headers["HX-Refresh"] = "true"
        return Response(status=204, headers=headers)
    found: Response = redirect(url, 303, Response)  # type: ignore[assignment]
    return found
