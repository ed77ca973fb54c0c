"""Where the pages of long lists begin: after the row that the address names."""

from collections.abc import Callable
from typing import Any

from flask import request

from wifiapp.paging import BadCursor, Page


def asked_page(list_page: Callable[[str | None], Page[Any]]) -> dict[str, Any]:
    """Return what a template shows of a list: `page`, `after` which cursor, and what is `damaged`.

    Whoever comes with a damaged cursor is told, and gets the first page.
    """
    after = request.args.get("after")
    try:
        return {"page": list_page(after), "after": after, "damaged": None}
    except BadCursor as error:
        return {"page": list_page(None), "after": None, "damaged": str(error)}
