"""What stands before every view of the API: a key in the header, and a body that is JSON.

No cookie counts here and none is set, so there is nothing that another site could borrow.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from wifiapp import clock
from wifiapp.access import Actor, allow_keys
from wifiapp.api import operations
from wifiapp.api.operations import Caller
from wifiapp.errors import WifiError
from wifiapp.logs import request_id
from wifiapp.web import address

LONGEST_BODY = 16 << 10  # bytes

View = Callable[..., ResponseReturnValue]


class InvalidRequest(WifiError):
    """What was sent is JSON and cannot be used; `problems` are messages by field."""

    status = 422

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__("The request cannot be used. Nothing was done.")
        self.problems = found


def key_may(scope: str) -> Callable[[View], View]:
    """Open a view to keys with the scope; it is given the `Caller` as its first argument."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(**values: Any) -> ResponseReturnValue:
            caller = _admitted()
            if scope not in caller.scopes:
                may = ", ".join(caller.scopes)
                raise Forbidden(f"This key may {may}; this needs {scope}. Nothing was done.")
            return view(caller, **values)

        guarded.scope = scope  # type: ignore[attr-defined]  # read by the document
        return allow_keys(guarded)

    return wrap


def actor(caller: Caller) -> Actor:
    """Return who acts in this request, for the audit log."""
    return Actor(None, f"key {caller.name} ({caller.prefix}…)", address(), request_id())


def read_body(schema: Schema) -> dict[str, Any]:
    """Return the JSON of the request as the schema checks it.

    Answers 400, 413 or 415 when there is none to check; raises `InvalidRequest`.
    """
    if request.mimetype != "application/json":
        abort(415, "Send JSON, and say so: Content-Type: application/json. Nothing was done.")
    data = request.get_data(cache=False)
    if len(data) > LONGEST_BODY:
        abort(413, "The request is longer than 16 KB. Nothing was done.")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        abort(400, "This is not JSON. Nothing was done.")
    return checked(schema, body)


def checked(schema: Schema, values: Any) -> dict[str, Any]:
    """Return the values as the schema checks them, or raise `InvalidRequest`."""
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        raise InvalidRequest(dict(error.messages_dict)) from None
    return loaded


def _admitted() -> Caller:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise _unauthorized("Send the key of a till: Authorization: Bearer wifi_….")
    try:
        return operations.admit(key.strip(), clock.now())
    except operations.Refused as error:
        raise _unauthorized(str(error), error="invalid_token") from None
    except operations.TooMany as error:
        raise TooManyRequests(str(error), retry_after=error.wait) from None


def _unauthorized(message: str, **told: str) -> Unauthorized:
    challenge = WWWAuthenticate("bearer", {"realm": "wifiapp API", **told})
    return Unauthorized(message, www_authenticate=challenge)
