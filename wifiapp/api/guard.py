"""What stands before every view of the API: a key in the header, and a body that is JSON.

No cookie counts here and none is set, so there is nothing that another site could borrow.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import abort, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from wifiapp import clock
from wifiapp.access import Actor, allow_keys
from wifiapp.api import operations
from wifiapp.api.operations import Caller
from wifiapp.api.refusals import Refused, TooMany
from wifiapp.errors import WifiError
from wifiapp.logs import request_id
from wifiapp.web import address

LONGEST_BODY = 16 << 10  # bytes

View = Callable[..., ResponseReturnValue]
Carrier = TypeVar("Carrier")


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
            caller = admitted("a till: Authorization: Bearer wifi_…", operations.admit)
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


def admitted(whose: str, admit: Callable[[str, datetime], Carrier]) -> Carrier:
    """Return who carries the key of this request, as `admit` knows them by it, or answer 401.

    `whose` says which key is needed, and how it is sent.
    """
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise _unauthorized(f"Send the key of {whose}.")
    try:
        return admit(key.strip(), clock.now())
    except Refused as error:
        raise _unauthorized(str(error), error="invalid_token") from None
    except TooMany as error:
        raise TooManyRequests(str(error), retry_after=error.wait) from None


def read_body(schema: Schema) -> dict[str, Any]:
    """Return the JSON of the request as the schema checks it.

    Answers 400, 413 or 415 when there is none to check; raises `InvalidRequest`.
    """
    return checked(schema, read_json(LONGEST_BODY, "16 KB"))


def read_json(longest: int, in_words: str) -> Any:
    """Return the JSON of the request, or answer 400, 413 or 415; `longest` is in bytes."""
    if request.mimetype != "application/json":
        abort(415, "Send JSON, and say so: Content-Type: application/json. Nothing was done.")
    too_long = f"The request is longer than {in_words}. Nothing was done."
    if (request.content_length or 0) > longest:
        abort(413, too_long)
    data = request.get_data(cache=False)
    if len(data) > longest:
        abort(413, too_long)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        abort(400, "This is not JSON. Nothing was done.")


def checked(schema: Schema, values: Any) -> dict[str, Any]:
    """Return the values as the schema checks them, or raise `InvalidRequest`."""
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        raise InvalidRequest(dict(error.messages_dict)) from None
    return loaded


def _unauthorized(message: str, **told: str) -> Unauthorized:
    challenge = WWWAuthenticate("bearer", {"realm": "wifiapp API", **told})
    return Unauthorized(message, www_authenticate=challenge)
