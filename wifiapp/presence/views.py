"""Where portals push who is online: `/api/v1/presence`."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from wifiapp.access import allow_keys
from wifiapp.api import guard, presence_schemas
from wifiapp.api.presence_schemas import MOST_ITEMS
from wifiapp.hotspots.driver import SeenDevice
from wifiapp.polling import push_operations
from wifiapp.polling.pushed import Told
from wifiapp.presence import operations
from wifiapp.web import csrf

LONGEST_BODY = 1_000_000  # bytes
RETRY_AFTER = 10  # seconds
UNKNOWN = "This hotspot has no such token."

bp = Blueprint("presence", __name__, url_prefix="/api/v1")
csrf.exempt(bp)  # no cookie opens a view here, so no other site can borrow one


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/presence")
@allow_keys
def push() -> ResponseReturnValue:
    """Take in who is online, and say item by item what could not be."""
    portal = guard.admitted("a hotspot: Authorization: Bearer presence_…", operations.admit)
    query = guard.checked(presence_schemas.PresenceQuery(), request.args.to_dict())
    items = guard.read_json(LONGEST_BODY, "1 MB")
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise guard.InvalidRequest({"_schema": [f"A list of at most {MOST_ITEMS} devices."]})
    told, refused = _read(items)
    if items and not told:
        push_operations.note_unusable(portal.hotspot_id, _why(refused))
        return _answer(None, 0, refused)
    names_all = query["everybody"] == "true" and not refused  # who may be in what was not read
    taken = push_operations.take_push(portal.hotspot_id, [*told.values()], names_all=names_all)
    if taken is None:
        raise ServiceUnavailable("A backup is being restored.", retry_after=RETRY_AFTER)
    unknown = [index for index, each in told.items() if each.token in taken.unknown]
    refused += [_refusal(index, "token", "unknown-token", UNKNOWN) for index in unknown]
    refused.sort(key=lambda each: each["index"])
    return _answer(taken.at, len(told) - len(unknown), refused)


push.scope = "presence"  # type: ignore[attr-defined]  # named by the document


def _answer(at: datetime | None, taken: int, refused: list[dict[str, Any]]) -> Response:
    shape = presence_schemas.PresenceAnswer()
    return jsonify(shape.dump({"at": at, "taken": taken, "refused": refused}))


def _read(items: list[Any]) -> tuple[dict[int, Told], list[dict[str, Any]]]:
    """Return what is told by the index of the item, and what of the items cannot be used."""
    told, refused = {}, []
    for index, item in enumerate(items):
        found, wrong = presence_schemas.read(item)
        if found:
            told[index] = _told(found)
        refused += [_refusal(index, at, "invalid", why) for at, why in wrong.items()]
    return told, refused


def _told(found: dict[str, Any]) -> Told:
    token, online, left_at = found.pop("token"), found.pop("online"), found.pop("left_at", None)
    return Told(token, SeenDevice(is_online=online, last_seen=left_at, **found))


def _refusal(index: int, field: str | None, problem: str, message: str) -> dict[str, Any]:
    return {"index": index, "field": field, "problem": problem, "message": message}


def _why(refused: list[dict[str, Any]]) -> str:
    first = refused[0]
    what = f"{first['field']}: " if first["field"] else ""
    return f"Nothing of a push could be used. Its first item: {what}{first['message']}"
