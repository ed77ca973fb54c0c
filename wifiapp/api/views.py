"""The API of a till: `/api/v1`."""

import contextlib
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from wifiapp import clock
from wifiapp.access import allow_anybody
from wifiapp.api import document, guard, queries, schemas
from wifiapp.api.guard import key_may
from wifiapp.api.operations import Caller
from wifiapp.businesses.queries import get_business
from wifiapp.sales import operations as sales
from wifiapp.sales.orders import Order
from wifiapp.sales.spot_operations import make_and_sell
from wifiapp.tokens import plans_queries
from wifiapp.tokens import queries as tokens
from wifiapp.tokens.forms import NAMES
from wifiapp.tokens.homes import find_device
from wifiapp.web import csrf

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)  # no cookie opens a view here, so no other site can borrow one


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/openapi.json")
@allow_anybody
def openapi() -> ResponseReturnValue:
    """Answer with what the API can do, for programs that read such documents."""
    return jsonify(document.described())


@bp.get("/plans")
@key_may("read")
def list_plans(caller: Caller) -> ResponseReturnValue:
    business = get_business(caller.business_id)
    offered = plans_queries.list_plans(caller.viewer, active_only=True)
    shape = schemas.Plan()
    return jsonify(
        business=schemas.Business().dump(business),
        plans=[
            shape.dump(row[0]) | {"stock": row.stock, "canMake": find_device(row[0]) is not None}
            for row in offered
        ],
    )


@bp.get("/tokens")
@key_may("read")
def find_tokens(caller: Caller) -> ResponseReturnValue:
    code = guard.checked(schemas.TokenQuery(), request.args.to_dict())["code"]
    found = tokens.find_by_code(code, caller.viewer)
    return jsonify(tokens=_tokens(found))


@bp.post("/sales")
@key_may("sell")
def sell(caller: Caller) -> ResponseReturnValue:
    """Sell one token; the same Idempotency-Key again gives the same sale again."""
    key = guard.checked(schemas.SaleHeaders(), dict(request.headers))["key"]
    asked = guard.read_body(schemas.SaleRequest())
    plans_queries.get_plan(asked["plan_id"], caller.viewer)
    try:
        change = make_and_sell if asked["make_now"] else sales.sell_token
        sale, is_new = change(guard.actor(caller), _order(caller, key, asked))
    except sales.InvalidOrder as error:
        error.problems = {_field(name): text for name, text in error.problems.items()}
        raise
    answer = jsonify(_sale(caller, sale.id))
    answer.status_code = 201 if is_new else 200
    answer.location = url_for("api.show_sale", sale_id=sale.id)
    return answer


@bp.get("/sales/<sale_id>")
@key_may("read")
def show_sale(caller: Caller, sale_id: str) -> ResponseReturnValue:
    return jsonify(_sale(caller, sale_id))


@bp.post("/sales/<sale_id>/void")
@key_may("void")
def void(caller: Caller, sale_id: str) -> ResponseReturnValue:
    """Take a sale back; one that is void already stays as it is."""
    reason = guard.read_body(schemas.VoidRequest())["reason"]
    queries.get_sale(sale_id, caller.viewer)
    with contextlib.suppress(sales.AlreadyVoid):  # a till that has lost the answer asks again
        sales.void_sale(guard.actor(caller), sale_id, reason)
    return jsonify(_sale(caller, sale_id))


def _order(caller: Caller, key: str, asked: dict[str, Any]) -> Order:
    amounts = {name: Decimal(asked[name]) for name in ("price", "tendered") if name in asked}
    return Order(
        plan_id=asked["plan_id"],
        token_id=asked.get("token_id"),
        method=asked["payment_method"],
        key=f"api:{caller.key_id}:{key}",
        channel=caller.channel,
        transaction_code=asked.get("transaction_code", ""),
        gift_reason=asked.get("gift_reason", ""),
        **amounts,
    )


def _field(name: str) -> str:
    """Return what the request calls an attribute of the order."""
    fields = schemas.SaleRequest().fields
    name = "payment_method" if name == "method" else name
    return (fields[name].data_key if name in fields else None) or name


def _sale(caller: Caller, sale_id: str) -> dict[str, Any]:
    sale, token, business = queries.get_sale(sale_id, caller.viewer)
    (shown,) = _tokens([token])
    written: dict[str, Any] = schemas.Sale(exclude=["token"]).dump(sale)
    return written | {"currency": business.currency, "token": shown}


def _tokens(found: Any) -> list[dict[str, Any]]:
    shape, now = schemas.Token(), clock.now()
    sold = queries.list_sale_ids(each.id for each in found)
    return [
        shape.dump(each)
        | {
            "state": "expired" if tokens.is_past(each, now) else NAMES[each.status],
            "saleId": sold.get(each.id),
        }
        for each in found
    ]
