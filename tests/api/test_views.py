"""The API as a till uses it, and what it says to one that does it wrong."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.factories import make_api_key, make_business, make_plan, make_sale, make_token, make_user
from wifiapp import clock
from wifiapp.access import KEY, allowed
from wifiapp.api import document, operations, queries
from wifiapp.api.guard import LONGEST_BODY
from wifiapp.api.models import ApiKey
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale

NOON = datetime(2026, 11, 22, 10, 0, 30, tzinfo=UTC)
NOBODY = "00000000-0000-4000-8000-000000000000"


def problem(answer, status, kind="about:blank"):
    """Check that the answer is a problem of that kind and return it."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["type"] == (kind if kind == "about:blank" else f"urn:wifiapp:{kind}")
    assert body["status"] == status and body["title"] and body["detail"]
    assert body["requestId"] == answer.headers["X-Request-ID"]
    return body


def count_sales():
    return len(db.session.scalars(select(WifiTokenSale)).all())


# -- what a till does --------------------------------------------------------------------------


def test_a_till_lists_its_plans_with_their_stock_and_no_others(till, shop, plan):
    make_plan(shop, name="old", is_active=False)
    make_plan(name="of another shop")
    answer = till.get("/plans")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "business": {
            "id": shop.id,
            "name": "Corner Shop",
            "currency": "USD",
            "timezone": "Africa/Harare",
        },
        "plans": [
            {
                "id": plan.id,
                "name": "1 hour",
                "system": "ESP32",
                "minutes": 60,
                "downloadMb": None,
                "uploadMb": None,
                "devices": 1,
                "price": "1.00",
                "stock": 2,
                "canMake": False,
            }
        ],
    }


def test_a_till_sells_a_token_through_the_channel_of_its_key(till_of, shop, plan):
    till = till_of(shop, "sell", channel="KIOSK", name="Till at the door")
    answer = till.sell(plan, paymentMethod="EcoCash", transactionCode="MP 12")
    sale = answer.get_json()
    assert answer.status_code == 201
    assert answer.location == f"/api/v1/sales/{sale['id']}"
    assert (sale["amount"], sale["fee"], sale["currency"]) == ("1.00", "0.00", "USD")
    assert (sale["channel"], sale["paymentMethod"], sale["transactionCode"]) == (
        *("KIOSK", "ECOCASH"),
        "MP 12",
    )
    assert sale["receiptNumber"] == 1 and sale["voidedAt"] is None
    token = sale["token"]
    assert token["code"] in {"A3K9M7P2", "B4M2N8Q5"} and token["state"] == "sold"
    assert token["saleId"] == sale["id"] and token["minutes"] == 60
    entry = db.session.scalar(select(AuditLog).where(AuditLog.action == "sale.create"))
    assert entry.user_email.startswith("key Till at the door (wifi_") and entry.user_id is None
    assert entry.ip == "127.0.0.1"


def test_the_same_idempotency_key_sells_once(till, plan):
    first, again = till.sell(plan, "a"), till.sell(plan, "a")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert count_sales() == 1


def test_two_tills_may_use_the_same_idempotency_key(till, till_of, shop, plan):
    other = till_of(shop, "sell")
    codes = {each.sell(plan, "a").get_json()["token"]["code"] for each in (till, other)}
    assert codes == {"A3K9M7P2", "B4M2N8Q5"}


def test_an_idempotency_key_is_not_good_for_another_plan(till, shop, plan):
    other = make_plan(shop)
    make_token(plan=other)
    till.sell(plan, "a")
    problem(till.sell(other, "a"), 409, "key-taken")
    assert count_sales() == 1


def test_what_is_sold_out_says_so(till, shop):
    empty = make_plan(shop, name="1 week")
    body = problem(till.sell(empty), 409, "sold-out")
    assert body["title"] == "Sold out" and "Nothing was sold" in body["detail"]


def test_a_price_that_the_customer_was_not_told_is_refused(till, plan):
    assert "USD 1.00" in problem(till.sell(plan, price="0.80"), 409, "price-changed")["detail"]
    assert till.sell(plan, price="1.00").status_code == 201


def test_a_rule_that_an_order_breaks_is_named_by_the_field_of_the_request(till, plan):
    body = problem(till.sell(plan, tendered="0.50"), 409, "invalid-order")
    assert list(body["errors"]) == ["tendered"]
    body = problem(till.sell(plan, paymentMethod=" "), 409, "invalid-order")
    assert list(body["errors"]) == ["paymentMethod"]
    assert count_sales() == 0


def test_a_gift_is_free_and_keeps_its_reason(till, plan):
    sale = till.sell(plan, giftReason="for the band").get_json()
    assert (sale["amount"], sale["giftReason"]) == ("0.00", "for the band")


def test_cash_handed_over_is_kept(till, plan):
    assert till.sell(plan, tendered="5.00").get_json()["tendered"] == "5.00"


def test_a_sale_and_its_void_name_the_key_that_made_them(
    till_of, shop, plan, sign_in_as, admin_client
):
    front = till_of(shop, "sell", "void", name="Front till", prefix="wifi_front")
    sale_id = front.sell(plan).get_json()["id"]
    name = "key Front till (wifi_front…)"
    assert f"<dd>{name}</dd>" in admin_client.get(f"/sales/{sale_id}").text
    front.void(sale_id, "wrong plan")
    page = admin_client.get(f"/sales/{sale_id}").text
    assert f"wrong plan — {name}, " in page
    assert name not in admin_client.get(f"/sales/{sale_id}/receipt").text, "a customer's"
    sold = db.session.get_one(WifiTokenSale, sale_id)
    trail = admin_client.get(f"/tokens/{sold.wifi_token_id}").text
    assert trail.count(name) >= 2


def test_sales_of_each_key_are_summed_listed_filtered_and_exported_by_its_name(
    till_of, shop, plan, admin_client
):
    for number, name in enumerate(("Front till", "Back till")):
        till_of(shop, "sell", name=name, prefix=f"wifi_{number}").sell(plan, key=f"k{number}")
    names = ["key Front till (wifi_0…)", "key Back till (wifi_1…)"]
    page = admin_client.get("/sales").text
    assert all(f'<th scope="row">{name}</th>' in page for name in names)
    rows = admin_client.get("/sales.json").get_json()["rows"]
    assert [row["seller"] for row in rows] == [names[1], names[0]]
    only = admin_client.get("/sales.json", query_string={"seller": names[0]}).get_json()
    assert [row["seller"] for row in only["rows"]] == [names[0]]
    assert only["sums"][0]["quantity"] == 1


def test_a_printed_voucher_is_sold_by_its_own_token(till, plan):
    (token,) = till.get("/tokens", code="b4m2 n8q5").get_json()["tokens"]
    assert token["state"] == "available" and token["planId"] == plan.id
    sold = till.sell(plan, tokenId=token["id"]).get_json()["token"]
    assert sold["code"] == "B4M2N8Q5"
    problem(till.sell(plan, "two", tokenId=token["id"]), 409, "forbidden")


def test_a_voided_token_goes_back_to_stock_and_a_second_void_changes_nothing(till, plan):
    sale = till.sell(plan).get_json()
    first, again = till.void(sale["id"], "wrong plan"), till.void(sale["id"], "again")
    assert first.status_code == again.status_code == 200
    assert first.get_json() == again.get_json()
    void = first.get_json()
    assert void["voidReason"] == "wrong plan" and void["voidedAt"].endswith("Z")
    assert void["token"]["state"] == "available" and void["token"]["saleId"] is None
    assert till.get(f"/sales/{sale['id']}").get_json() == void


@pytest.mark.parametrize("typed", ["A3K9M7P2", "a3k9 m7p2", "A3K9-M7P2"])
def test_a_token_is_found_however_it_is_typed(till, typed):
    (token,) = till.get("/tokens", code=typed).get_json()["tokens"]
    assert token["code"] == "A3K9M7P2" and token["saleId"] is None


def test_a_code_that_no_token_has_finds_none(till):
    assert till.get("/tokens", code="QQQQ").get_json() == {"tokens": []}


def test_a_token_that_is_past_its_time_is_expired_before_the_worker_says_so(till, plan):
    make_token(plan=plan, token="OLD", redeem_by=clock.now() - timedelta(minutes=1))
    make_token(
        plan=plan, token="USED", status="ACTIVE", expires_at=clock.now() - timedelta(minutes=1)
    )
    for code in ("OLD", "USED"):
        (token,) = till.get("/tokens", code=code).get_json()["tokens"]
        assert token["state"] == "expired"


# -- what belongs to others ----------------------------------------------------------------------


def test_the_rows_of_another_business_do_not_exist(till):
    other = make_sale(make_token(make_business(), token="ZZZZ", status="SOLD"))
    plan = make_plan()
    assert till.get("/tokens", code="ZZZZ").get_json() == {"tokens": []}
    problem(till.get(f"/sales/{other.id}"), 404, "not-found")
    problem(till.void(other.id), 404, "not-found")
    problem(till.sell(plan), 404, "not-found")
    assert other.voided_at is None


def test_the_token_of_another_business_is_not_sold_with_a_plan_of_ones_own(till, plan):
    stranger = make_token(make_business())
    problem(till.sell(plan, tokenId=stranger.id), 404, "not-found")


def test_ids_that_no_row_has_are_404(till, shop):
    plan = make_plan(shop)
    for sale_id in (NOBODY, "x", "%25", "a%0Ab"):
        problem(till.get(f"/sales/{sale_id}"), 404, "not-found")
        problem(till.void(sale_id), 404, "not-found")
    plan.id = NOBODY
    db.session.expunge(plan)
    problem(till.sell(plan), 404, "not-found")


# -- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic dGlsbDp0aWxs", "Bearer wifi_unknown", "x" * 99]
)
def test_without_a_key_in_force_nothing_is_answered(client, plan, header):
    headers = {} if header is None else {"Authorization": header}
    answer = client.get("/api/v1/plans", headers=headers)
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="wifiapp API"')


def test_a_revoked_key_and_the_key_of_a_closed_business_open_nothing(till_of, shop, plan):
    revoked = till_of(shop, "read", revoked_at=clock.now())
    problem(revoked.get("/plans"), 401)
    closed = till_of(make_business(is_active=False), "read")
    answer = closed.get("/plans")
    problem(answer, 401)
    assert "error=invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_session_opens_nothing_and_none_is_begun(admin_client, till):
    answer = admin_client.get("/api/v1/plans")
    problem(answer, 401)
    for each in (answer, till.get("/plans")):
        assert "Set-Cookie" not in each.headers
        assert "Access-Control-Allow-Origin" not in each.headers
        assert each.headers["Cache-Control"] == "no-store"


def test_a_browser_of_another_site_is_not_told_that_it_may(client):
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/api/v1/sales", headers=asks)
    assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]


@pytest.mark.parametrize("scope", ["read", "sell", "void"])
def test_a_key_does_what_its_scope_says_and_nothing_else(till_of, shop, plan, scope):
    sale = make_sale(make_token(plan=plan, status="SOLD"))
    till = till_of(shop, scope)
    answers = {
        "read": [till.get("/plans"), till.get("/tokens", code="x"), till.get(f"/sales/{sale.id}")],
        "sell": [till.sell(plan)],
        "void": [till.void(sale.id)],
    }
    for needed, given in answers.items():
        for answer in given:
            if needed == scope:
                assert answer.status_code in {200, 201}
            else:
                assert f"needs {needed}" in problem(answer, 403)["detail"]


def test_a_key_is_written_down_as_used_once_a_minute(till_of, shop):
    till = till_of(shop, "read")
    key = db.session.scalar(select(ApiKey))
    used = []
    for seconds in (0, 30, 61):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            till.get("/plans")
        db.session.refresh(key)
        used.append((key.last_used_at - NOON).total_seconds())
    assert used == [0, 0, 61]


def test_a_key_that_asks_too_often_waits_and_no_other_does(till_of, shop, monkeypatch):
    monkeypatch.setattr(operations, "PER_MINUTE", 3)
    busy, calm = till_of(shop, "read"), till_of(shop, "read")
    with time_machine.travel(NOON, tick=False):
        assert [busy.get("/plans").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert calm.get("/plans").status_code == 200
    with time_machine.travel(NOON + timedelta(seconds=20), tick=False):
        answer = busy.get("/plans")
        problem(answer, 429)
        assert answer.headers["Retry-After"] == "40"
    with time_machine.travel(NOON + timedelta(seconds=60), tick=False):
        assert busy.get("/plans").status_code == 200


# -- what is not understood ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 9000, b'{"planId": ' + b"9" * 5000 + b"}", b"nul"]
)
def test_what_is_not_json_is_400(till, body):
    headers = {"Idempotency-Key": "a"}
    answer = till.ask("POST", "/sales", data=body, headers=headers, content_type="application/json")
    assert answer.status_code in {400, 422}
    problem(answer, answer.status_code, *["invalid-request"] * (answer.status_code == 422))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], ["_schema"]),
        (None, ["_schema"]),
        ({}, ["planId"]),
        ({"planId": 7}, ["planId"]),
        ({"planId": "\0"}, ["planId"]),
        ({"planId": NOBODY + "\n"}, ["planId"]),
        ({"planId": NOBODY, "plan": "x"}, ["plan"]),
        ({"planId": NOBODY, "price": 1.0}, ["price"]),
        ({"planId": NOBODY, "price": "1.005"}, ["price"]),
        ({"planId": NOBODY, "tendered": "NaN"}, ["tendered"]),
        ({"planId": NOBODY, "tokenId": None}, ["tokenId"]),
        ({"planId": NOBODY, "giftReason": "\ud800"}, ["giftReason"]),
        ({"planId": NOBODY, "giftReason": "x" * 201, "price": ""}, ["giftReason", "price"]),
    ],
)
def test_a_request_that_cannot_be_used_names_each_field(till, body, fields):
    answer = till.ask(
        "POST",
        "/sales",
        data=json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": "a"},
    )
    assert sorted(problem(answer, 422, "invalid-request")["errors"]) == fields


@pytest.mark.parametrize("key", [None, "", " ", "x" * 101, "caf\xe9"])
def test_a_sale_needs_an_idempotency_key(till, plan, key):
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = till.ask("POST", "/sales", json={"planId": plan.id}, headers=headers)
    assert list(problem(answer, 422, "invalid-request")["errors"]) == ["Idempotency-Key"]


def test_a_look_up_needs_a_code(till):
    for query in (
        {},
        {"code": ""},
        {"code": "x", "cod": "y"},
        {"code": "a\0b"},
        {"code": "x" * 65},
    ):
        assert list(problem(till.get("/tokens", **query), 422, "invalid-request")["errors"])


def test_what_does_not_say_that_it_is_json_is_415(till, plan):
    answer = till.ask("POST", "/sales", data=f"planId={plan.id}", headers={"Idempotency-Key": "a"})
    problem(answer, 415)


def test_a_long_body_is_413(till):
    answer = till.ask(
        "POST",
        "/sales",
        data=b" " * (LONGEST_BODY + 1),
        content_type="application/json",
        headers={"Idempotency-Key": "a"},
    )
    problem(answer, 413)


def test_an_address_that_does_not_exist_is_a_problem_and_no_page(client):
    problem(client.get("/api/v1/nothing"), 404)
    problem(client.get("/api/v2/plans"), 404)


def test_a_wrong_verb_is_405_and_told_the_right_ones(client):
    answer = client.open("/api/v1/plans", method="DELETE", csrf=False)
    problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_database_that_is_away_is_503_and_worth_another_try(till, plan, monkeypatch):
    def gone(*_args):
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(queries, "get_sale", gone)
    answer = till.sell(plan, "a")
    problem(answer, 503)
    assert answer.headers["Retry-After"] == "5"
    monkeypatch.undo()
    assert till.sell(plan, "a").status_code == 200
    assert count_sales() == 1


# -- the document ----------------------------------------------------------------------------------


def test_the_document_has_every_route_and_no_other(app):
    described = {
        (f"/api/v1{path}".replace("{", "<").replace("}", ">"), verb.upper())
        for path, verbs in document.described()["paths"].items()
        for verb in verbs
    }
    routes = {
        (rule.rule, verb)
        for rule in app.url_map.iter_rules()
        if KEY in allowed(app.view_functions[rule.endpoint])
        for verb in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def test_the_document_names_the_scope_that_the_view_asks_for(app):
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if KEY in allowed(view):
            path = rule.rule.removeprefix("/api/v1").replace("<", "{").replace(">", "}")
            (operation,) = document.described()["paths"][path].values()
            assert f"`{view.scope}`" in operation["description"], path


def test_the_document_is_open_to_programs_that_have_no_key_yet(client):
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.get_json()["openapi"] == "3.1.0"


def test_amounts_are_decimals_all_the_way(till_of):
    shop = make_business()
    plan = make_plan(shop, price=Decimal("9999999999.99"))
    make_token(plan=plan)
    assert till_of(shop, "sell").sell(plan).get_json()["amount"] == "9999999999.99"


def test_who_made_the_key_need_not_stay(till_of, shop):
    make_user("ADMIN")
    make_api_key(shop, created_by="gone@example.org")
    assert till_of(shop, "read").get("/plans").status_code == 200
