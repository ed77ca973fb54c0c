"""Where to go after signing in: only to a page of this app that the person may open."""

import re

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from wifiapp.access import allowed

# One slash and then no other, no backslash (browsers read it as a slash), no control character.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\x9f\u2028\u2029]*")
LONGEST = 2000


def own_page(target: str | None, role: str) -> str | None:
    """Return the target when it is the path of a page that the role may open, else None."""
    if not target or len(target) > LONGEST or not _OWN_PATH.fullmatch(target):
        return None
    path = re.split(r"[?#]", target, maxsplit=1)[0]
    try:
        endpoint, _arguments = current_app.url_map.bind("localhost").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    return target if role in allowed(current_app.view_functions[endpoint]) else None
