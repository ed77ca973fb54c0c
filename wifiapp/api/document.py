"""What the API says of itself: OpenAPI 3.1, from the schemas that check and write.

apispec turns the schemas into the document and has no say in the requests themselves: these are
answered by the app's own views, its error handlers and its row scope.
"""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance

from wifiapp.api import presence_schemas, schemas
from wifiapp.config import VERSION

ABOUT = """\
Sells WiFi tokens, and takes in who is online. Each request carries a key: that of a till, or
for `/presence` that of one hotspot: `Authorization: Bearer wifi_…` (`presence_…`).

Every error is `application/problem+json`; its `type` is `about:blank` where the status says it
all, else `urn:wifiapp:` and the kind of refusal, such as `urn:wifiapp:sold-out`. Amounts are
text, so that no cent is lost; moments are in UTC. A plan without stock says sold-out, unless
`makeNow` has its device make one; not-made says why it did not, and that nothing was sold. When an
answer is lost, or says 503, send the same request again: with the same Idempotency-Key nothing is
sold twice, and a void stays one."""

ALWAYS = {401: "No key, or not one in force", 429: "Too often; see Retry-After"}
SCOPED = {403: "The key does not have the scope"}
WITH_BODY = {
    400: "Not JSON",
    413: "Longer than 16 KB",
    415: "Not application/json",
    422: "A field cannot be used; see errors",
}
MISSING = {404: "There is no such row in the key's business"}
GONE = {500: "A fault of ours", 503: "The database does not answer; see Retry-After"}

PUSH_ABOUT = f"""\
Needs the `presence` key of a hotspot that is loaded by hand; it opens nothing else.

Push all that are online every so many seconds (as the hotspot's page says), and who left with
`online: false`; an empty list when nobody is there. A push tells of those whom it names: who is
not named has not left, and counts as unknown after three times that span (three minutes at least).
When no push comes for so long, the whole hotspot is silent. With `everybody=true` the push names
all, and who is not named for so long has left; but not when an item of it is refused as `invalid`,
for nobody knows whom that names.

The same push again changes nothing but when they were seen. An item that cannot be used is
`refused`, and the others are kept. At most {presence_schemas.MOST_ITEMS} items a push."""
EVERYBODY = {
    "name": "everybody",
    "in": "query",
    "description": "true: whoever is online is named. Without effect when an item is invalid",
    "schema": {"type": "string", "enum": ["true", "false"], "default": "false"},
}
SALE_ID = {
    "name": "sale_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": schemas.ID},
}
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new one for each customer; the same one when a request is repeated.",
    "schema": {"type": "string", "pattern": schemas.KEY},
}
CODE = {
    "name": "code",
    "in": "query",
    "required": True,
    "description": "However it is typed: case, blanks, dashes, O for 0 and I or L for 1 are alike",
    "schema": {"type": "string", "pattern": schemas.CODE},
}


@cache
def described() -> dict[str, Any]:
    """Return the document."""
    spec = APISpec(
        title="wifiapp",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/api/v1"}],
        plugins=[MarshmallowPlugin(_name)],
    )
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    for path, operations in PATHS.items():
        spec.path(path, operations=operations)
    document: dict[str, Any] = spec.to_dict()
    return document


def operation(
    name: str,
    summary: str,
    scope: str,
    answers: dict[int, tuple[str, type[schemas.Shape]]],
    refusals: dict[int, str],
    *,
    parameters: list[dict[str, Any]] | None = None,
    body: type[schemas.Shape] | None = None,
) -> dict[str, Any]:
    """Return one operation; `answers` and `refusals` are by status."""
    every = {**ALWAYS, **SCOPED, **refusals, **(WITH_BODY if body else {}), **GONE}
    found: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "description": f"Needs the scope `{scope}`.",
        "security": [{"key": []}],
        "parameters": parameters or [],
        "responses": {
            **{str(code): _answer(about, shape) for code, (about, shape) in answers.items()},
            **{str(code): _refusal(about) for code, about in sorted(every.items())},
        },
    }
    if body:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


def _name(schema: Any) -> str:
    return type(resolve_schema_instance(schema)).__name__


def _answer(about: str, shape: type[schemas.Shape]) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": shape}}}


def _refusal(about: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": schemas.Problem}}
    return {"description": about, "content": content}


def _push() -> dict[str, Any]:
    every = {**ALWAYS, **WITH_BODY, **GONE, 413: "Longer than 1 MB"}
    answer = _answer("Taken in, but for what is refused", presence_schemas.PresenceAnswer)
    items = {  # anything is answered by itself, so that one device does not stop the others
        "anyOf": [presence_schemas.PresenceItem, {"description": "Anything else is refused"}]
    }
    body = {"type": "array", "items": items, "maxItems": presence_schemas.MOST_ITEMS}
    return {
        "operationId": "pushPresence",
        "summary": "Tell who is online on a hotspot",
        "description": PUSH_ABOUT,
        "security": [{"key": []}],
        "parameters": [EVERYBODY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": answer,
            **{str(code): _refusal(about) for code, about in sorted(every.items())},
        },
    }


PATHS: dict[str, dict[str, Any]] = {
    "/plans": {
        "get": operation(
            "listPlans",
            "List what can be sold, and how much of it is left",
            "read",
            {200: ("The plans on offer, in their order", schemas.PlanList)},
            {},
        )
    },
    "/tokens": {
        "get": operation(
            "findTokens",
            "Look a token up by its code",
            "read",
            {200: ("The tokens that the code may mean", schemas.TokenList)},
            {422: WITH_BODY[422]},
            parameters=[CODE],
        )
    },
    "/sales": {
        "post": operation(
            "sell",
            "Sell one token of a plan",
            "sell",
            {
                201: ("Sold", schemas.Sale),
                200: ("Sold before, with the same Idempotency-Key", schemas.Sale),
            },
            {**MISSING, 409: "Sold out, not made, not on offer, another price: see type"},
            parameters=[IDEMPOTENCY],
            body=schemas.SaleRequest,
        )
    },
    "/sales/{sale_id}": {
        "get": operation(
            "showSale",
            "Show a sale",
            "read",
            {200: ("The sale", schemas.Sale)},
            MISSING,
            parameters=[SALE_ID],
        )
    },
    "/sales/{sale_id}/void": {
        "post": operation(
            "voidSale",
            "Take a sale back",
            "void",
            {200: ("The sale, void now or before", schemas.Sale)},
            {**MISSING, 409: "It cannot be voided: see type"},
            parameters=[SALE_ID],
            body=schemas.VoidRequest,
        )
    },
    "/presence": {"post": _push()},
}
