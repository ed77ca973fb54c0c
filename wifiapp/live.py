"""Pages that refresh by themselves: whole, only their live part, or "nothing has changed"."""

from hashlib import sha256
from typing import Any

from flask import Response, make_response, render_template, request, session
from flask_wtf.csrf import generate_csrf


def live_page(page: str, part: str, /, **context: Any) -> Response:
    """Render the page, or only its live part when htmx asks; 304 when the browser has it already.

    Neither template may show how long ago something was: it would differ every second. Moments
    stand in `<time>`, which the browser counts.
    """
    html = render_template(part if _wants_part() else page, **context)
    response = make_response(html)
    response.vary.add("HX-Request")
    # The token is signed anew for every page; the one in the browser stays as good as it was.
    same = html.replace(generate_csrf(), session["csrf_token"])
    response.set_etag(sha256(same.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _wants_part() -> bool:
    # Going back with a page that htmx has forgotten needs the whole of it.
    headers = request.headers
    return "HX-Request" in headers and "HX-History-Restore-Request" not in headers
