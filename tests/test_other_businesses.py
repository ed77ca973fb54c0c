"""Another business's ids in every route, every filter and every form: a manager of one business
never sees nor changes what belongs to another, not even on a hotspot that both are on."""

import re
from io import BytesIO
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.factories import (
    make_api_key,
    make_batch,
    make_block,
    make_business,
    make_closing,
    make_closing_sum,
    make_command,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_method,
    make_outage,
    make_plan,
    make_profile,
    make_rollup,
    make_rollup_state,
    make_sale,
    make_session,
    make_token,
    make_usage,
    make_user,
)
from wifiapp import clock
from wifiapp.access import KEY, allowed
from wifiapp.analytics.rollup_operations import roll_up
from wifiapp.db import Model, db

MARK = "zebra"  # is in every text of the other business
MAC = "5A:5A:5A"
PHONE = "5C:00:00:00:00:07"  # was seen by both, and the other business keeps it out
KEYS = {"may_read": True, "may_sell": True, "may_void": True}


class Shop(NamedTuple):
    """A business with one of everything."""

    business: Any
    manager: Any
    seller: Any
    plan: Any
    manual: Any
    box: Any
    batch: Any
    unused: Any
    sold: Any
    active: Any
    device: Any
    sale: Any
    closing: Any
    method: Any
    command: Any
    block: Any
    key: Any


def open_shop(mark, mac, shared):
    """Add a business with everything that one has; `shared` is a hotspot of others, too."""
    business = make_business(name=f"{mark} shop", timezone="Africa/Harare")
    manager = make_user("MANAGER", email=f"boss@{mark}.example", name=f"{mark} boss")
    seller = make_user("SELLER", email=f"till@{mark}.example", name=f"{mark} till")
    for user in (manager, seller):
        make_membership(user, business)
    plan = make_plan(business, name=f"{mark} hour")
    manual = make_hotspot(name=f"{mark} drawer", is_manual=True, address="")
    box = make_hotspot(name=f"{mark} box", serial=f"{mark} WiFi", last_error=f"{mark} error")
    for hotspot in (manual, box, shared):
        make_hotspot_business(hotspot, business, ssid=f"{mark} guests")
    make_outage(box, reason=f"{mark} cable")
    batch = make_batch(plan, manual, created_by=f"{mark}@example.org", error=f"{mark} fault")
    made = {"plan": plan, "plan_name": plan.name, "batch_id": batch.id}
    unused = make_token(**made, hotspot=manual, token=f"{mark}11".upper())
    make_token(**made, hotspot=manual, token=f"{mark}00".upper())
    sold = make_token(**made, hotspot=manual, token=f"{mark}22".upper(), status="SOLD")
    active = make_token(
        **made,
        hotspot=shared,
        token=f"{mark}33".upper(),
        status="ACTIVE",
        device_name=f"{mark} pass",
        first_used_at=clock.now(),
    )
    device = make_device(active, mac_address=f"{mac}:00:00:01")
    make_profile(business, mac_address=device.mac_address, hostname=f"{mark} phone")
    make_session(device, hotspot_id=shared.id)
    make_usage(active)
    method = make_method(business, name=f"{mark} pay")
    paid = {"payment_method": method.name, "sold_by": seller.id, "sale_channel": f"{mark} kiosk"}
    sale = make_sale(sold, receipt_number=1, idempotency_key=f"{mark} key", **paid)
    make_sale(active, receipt_number=2, **paid)
    closing = make_closing(business, note=f"{mark} note", closed_by=manager.id)
    make_closing_sum(closing, method=method.name)
    command = make_command(unused, reason=f"{mark} reason", created_by=manager.email)
    make_command(
        token=active,
        wifi_token_id=None,
        mac_address=device.mac_address,
        kind="BLOCK",
        reason=f"{mark} block",
        created_by=manager.email,
    )
    block = make_block(
        business,
        shared if mark == MARK else box,
        mac_address=PHONE,
        reason=f"{mark} thief",
        blocked_by=manager.email,
    )
    make_rollup(business_id=business.id, device_type_stats={f"{mark} OS": 1})
    make_rollup_state(business)
    key = make_api_key(business, f"wifi_{mark}", name=f"{mark} till", **KEYS)
    return Shop(
        *(business, manager, seller, plan, manual, box, batch, unused, sold, active, device, sale),
        *(closing, method, command, block, key),
    )


@pytest.fixture
def shared():
    return make_hotspot(name="Market square", serial="Square WiFi")


@pytest.fixture
def theirs(shared):
    return open_shop(MARK, MAC, shared)


@pytest.fixture
def ours(shared, theirs):
    shop = open_shop("okapi", "5E:5E:5E", shared)
    make_membership(shop.manager, make_business(name="okapi kiosk"))  # so there are filters
    phone = make_device(shop.active, mac_address=PHONE)
    make_session(phone, hotspot_id=shared.id)
    db.session.commit()
    roll_up(clock.now())
    return shop


@pytest.fixture
def manager(ours, sign_in_as):
    return sign_in_as(ours.manager)


@pytest.fixture
def program(app, ours):
    """A client with a key of ours, as a till has it."""
    client = app.test_client()

    def ask(method, url, **given):
        headers = {"Authorization": "Bearer wifi_okapi"} | given.pop("headers", {})
        return client.open(url, method=method, headers=headers, csrf=False, **given)

    return ask


def of(shop):
    """Return the ids that stand in addresses, by the names of the routes' arguments."""
    return {
        "business_id": shop.business.id,
        "user_id": shop.seller.id,
        "plan_id": shop.plan.id,
        "hotspot_id": shop.box.id,
        "batch_id": shop.batch.id,
        "token_id": shop.unused.id,
        "device_id": shop.device.id,
        "sale_id": shop.sale.id,
        "closing_id": shop.closing.id,
        "method_id": shop.method.id,
        "command_id": shop.command.id,
        "key_id": shop.key.id,
    }


OTHERS = {"filename": "css/app.css", "kind": "csv", "leak": "overtime"}  # say nothing of whose
ADMIN_ONLY = {"backup_id", "restore_id"}


def routes(app, shop):
    """Yield (endpoint, method, url, names of ids) of each route a manager or a key may use."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if not allowed(app.view_functions[rule.endpoint]) & {"MANAGER", KEY}:
            continue
        given = OTHERS | of(shop)
        assert rule.arguments <= given.keys(), f"{rule.endpoint}: whose is {rule.arguments}?"
        values = {name: given[name] for name in rule.arguments}
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            url = adapter.build(rule.endpoint, values, method=method)
            yield rule.endpoint, method, url, rule.arguments - OTHERS.keys()


def rows_about(shop):
    """Return every row of the database in which an id of the shop stands."""
    db.session.expire_all()
    ids = [each.id for each in shop]
    found = set()
    for name in Model.metadata.tables:
        if name not in {"rate_limits", "rollup_marks"}:
            query = text(f"SELECT '{name}' || t::text FROM {name} t WHERE t::text ~ :ids")
            found |= set(db.session.scalars(query, {"ids": "|".join(ids)}))
    return found


def opening(client):
    """Return a function that opens pages as `program` does."""
    return lambda method, url, **given: client.open(url, method=method, **given)


def shows(answer):
    """Return what of the other business is in the answer, with what stands around it."""
    written = answer.data.decode(errors="replace").lower()
    return re.findall(f".{{0,80}}(?:{MARK}|{MAC.lower()}).{{0,20}}", written)


def test_nothing_of_another_business_is_opened_or_changed_by_its_id(
    app, ours, theirs, manager, program
):
    before = rows_about(theirs)
    tried = set()
    for endpoint, method, url, names in routes(app, theirs):
        if not names:
            continue
        if KEY in allowed(app.view_functions[endpoint]):
            answer = program(method, url, json={"reason": "mine"} if method == "POST" else None)
        else:
            answer = manager.open(url, method=method, data={"reason": "mine"})
        assert answer.status_code == 404, (method, url)
        assert not shows(answer), (method, url)
        tried |= names
    assert tried == of(theirs).keys() - {"business_id", "user_id"}  # these two are for ADMIN alone
    assert rows_about(theirs) == before


def queries(shop):
    """Return every way to name something of the shop in a query string."""
    code = shop.unused.token
    return [
        {"business": shop.business.id},
        {"hotspot": shop.box.id},
        {"hotspot": shop.manual.id},
        {"plan": shop.plan.id},
        {"batch": shop.batch.id},
        {"token": shop.unused.id},
        {"seller": shop.seller.id},
        {"method": MARK[:4]},
        {"channel": MARK[:4]},
        {"q": MARK[:4]},
        {"q": shop.device.mac_address[:5], "status": "all"},
        {"q": f"voucher {code[:4]}"},
        {"code": code[:4]},
        {"voucher": code[:4]},
        {"status": "all"},
        {"period": "month"},
    ]


def test_no_filter_shows_anything_of_another_business(app, ours, theirs, manager, program):
    asked = {}  # page -> what it can be asked, also as a file
    answers = 0
    for endpoint, method, url, _names in sorted(routes(app, ours), key=lambda each: len(each[2])):
        if method != "GET":
            continue
        get = program if KEY in allowed(app.view_functions[endpoint]) else opening(manager)
        page = url.partition(".")[0]
        whole = get("GET", url)
        fields = re.findall(r' name="(\w+)"', whole.data.decode(errors="replace"))
        asked[page] = asked.get(page, set()) | set(fields)
        assert not shows(whole), url
        for query in queries(theirs):
            if query.keys() & (asked[page] or {"code"}):
                answer = get("GET", url, query_string=query)
                assert answer.status_code < 500 and not shows(answer), (url, query)
                answers += 1
    assert answers > 80


def test_no_address_of_ours_takes_what_is_theirs(ours, theirs, manager):
    for url in (
        f"/tokens/change?action=disable&ids={theirs.unused.id}",
        f"/tokens/change?action=expire&all=1&business={theirs.business.id}",
        f"/tokens/batches/make?plan={theirs.plan.id}",
        f"/sell?business={theirs.business.id}",
        f"/sell?voucher={theirs.unused.token[:4]}",
        f"/sell/{ours.plan.id}?token={theirs.unused.id}",
        f"/sales/close?business={theirs.business.id}",
        f"/hotspots/commands?token={theirs.unused.id}",
    ):
        assert not shows(manager.get(url)), url


def test_a_hotspot_that_both_are_on_shows_each_its_own(ours, theirs, shared, manager):
    for url in (
        f"/hotspots/{shared.id}",
        f"/hotspots/{shared.id}/outages",
        f"/devices?hotspot={shared.id}&status=all",
        f"/devices.csv?hotspot={shared.id}&status=all",
        f"/tokens?hotspot={shared.id}",
        f"/tokens.json?hotspot={shared.id}",
        f"/hotspots/commands?hotspot={shared.id}",
        f"/hotspots/commands.csv?hotspot={shared.id}",
        f"/devices/online?hotspot={shared.id}",
        f"/analytics?hotspot={shared.id}",
    ):
        answer = manager.get(url)
        assert answer.status_code == 200 and not shows(answer), url
    (phone,) = db.session.scalars(
        text('SELECT id FROM wifi_token_devices WHERE "wifiTokenId" = :id AND "macAddress" = :m'),
        {"id": ours.active.id, "m": PHONE},
    )
    page = manager.get(f"/devices/{phone}")
    assert "By another business on this hotspot" in page.text and MARK not in page.text.lower()
    assert (
        "has to let it in" in manager.post(f"/devices/{phone}/unblock", follow_redirects=True).text
    )


def forms(ours, theirs):
    """Return (url, fields) of each form of ours with something of the other business in it."""
    plan = {"name": "2 hours", "duration": "2", "unit": "hour", "price": "1.00", "devices": "1"}
    make = {"plan": ours.plan.id, "count": "3", "hotspot": "", "form_id": str(uuid4())}
    codes = b"code,plan\nAAAA2222,\n"
    named = f"code,plan\nAAAA2222,{theirs.plan.name}\n".encode()
    pay = f"/sell/{ours.plan.id}"
    cash = {"method": "CASH", "key": str(uuid4()), "price": "1.00"}
    return [
        ("/tokens/plans/add", plan | {"system": "ESP32", "business": theirs.business.id}),
        (f"/tokens/plans/{ours.plan.id}/stock", {"hotspot": theirs.box.id}),
        (f"/tokens/plans/{ours.plan.id}/stock", {"hotspot": theirs.manual.id, "min_stock": "1"}),
        ("/tokens/batches/make", make | {"plan": theirs.plan.id}),
        ("/tokens/batches/make", make | {"hotspot": theirs.manual.id}),
        ("/tokens/batches/make", make | {"plan": theirs.plan.id, "hotspot": theirs.box.id}),
        ("/tokens/batches/make", make | {"form_id": theirs.batch.id}),
        ("/tokens/import", {"plan": theirs.plan.id, "file": (BytesIO(codes), "a.csv")}),
        (
            "/tokens/import",
            {"plan": ours.plan.id, "hotspot": theirs.manual.id, "file": (BytesIO(codes), "a.csv")},
        ),
        ("/tokens/import", {"plan": ours.plan.id, "lines": named.decode(), "confirmed": "1"}),
        (f"/tokens/change?action=disable&ids={theirs.unused.id}", {"reason": "mine"}),
        (f"/tokens/change?action=expire&all=1&business={theirs.business.id}", {"reason": "mine"}),
        (f"/tokens/batches/{ours.batch.id}/printed", {"ids": [theirs.unused.id, theirs.sold.id]}),
        ("/hotspots/add-manual", {"name": "X", "system": "ESP32", "business": theirs.business.id}),
        ("/sell/methods/add", {"name": "X", "kind": "OTHER", "business": theirs.business.id}),
        (f"/sell/methods/{ours.method.id}", {"name": theirs.method.name, "kind": "OTHER"}),
        (
            "/api-keys/add",
            {"business": theirs.business.id, "name": "X", "scopes": ["read"], "channel": "POS"},
        ),
        (f"/sales/close?business={theirs.business.id}", {"counted": "0", "seen": "0.00"}),
        (
            f"/sales/close?business={ours.business.id}",
            {"counted": "1.00", "seen": "1.00", "closing_id": theirs.closing.id, "again": "y"},
        ),
        (pay, cash | {"key": theirs.sale.idempotency_key}),
        (pay, cash | {"method": theirs.method.name}),
        (f"{pay}?token={theirs.unused.id}", cash),
        (f"/hotspots/commands/{ours.command.id}/retry", {"back": f"/tokens/{theirs.unused.id}"}),
        (f"/sales/{ours.sale.id}/void", {"reason": "mine", "sale_id": theirs.sale.id}),
    ]


def test_no_form_takes_anything_of_another_business(ours, theirs, manager):
    before = rows_about(theirs)
    for url, fields in forms(ours, theirs):
        answer = manager.post(url, data=fields, content_type="multipart/form-data")
        assert answer.status_code < 500, url
        is_echo = any(MARK in str(value) for value in fields.values())  # what was typed
        assert is_echo or not shows(answer), (url, fields)
        assert rows_about(theirs) == before, (url, fields)


# Forms in which nothing stands but what is typed, or the ids of their own address.
NO_IDS = {
    *("auth.password", "auth.sign_out", "plans.edit", "plans.move", "plans.activate"),
    *("plans.deactivate", "batches.cancel", "batches.resume", "tokens.disable", "tokens.extend"),
    *("outbox.cancel", "hotspots.activate", "hotspots.deactivate", "fleet.poll", "blocks.block"),
    *("blocks.unblock", "methods.activate", "methods.deactivate", "api_keys.revoke"),
    *("presence_keys.make", "presence_keys.revoke", "presence_keys.interval"),
}


def test_every_form_of_a_manager_is_among_these(app, ours, theirs):
    adapter = app.url_map.bind("localhost")
    tried = {
        adapter.match(url.partition("?")[0], method="POST")[0] for url, _ in forms(ours, theirs)
    }
    open_to_managers = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and "MANAGER" in allowed(app.view_functions[rule.endpoint])
    }
    assert open_to_managers - NO_IDS == tried


def test_no_program_sells_or_finds_what_belongs_to_another_business(ours, theirs, program):
    before = rows_about(theirs)
    for body in (
        {"planId": theirs.plan.id},
        {"planId": theirs.plan.id, "tokenId": theirs.unused.id},
        {"planId": ours.plan.id, "tokenId": theirs.unused.id},
        {"planId": theirs.plan.id, "makeNow": True},
    ):
        answer = program(
            "POST",
            "/api/v1/sales",
            json={"paymentMethod": "CASH"} | body,
            headers={"Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code in {404, 422}, body
        assert not shows(answer) and rows_about(theirs) == before, body
    found = program("GET", f"/api/v1/tokens?code={theirs.unused.token}")
    assert found.json["tokens"] == []


def test_a_seller_opens_no_sale_of_another_business(ours, theirs, sign_in_as):
    client = sign_in_as(ours.seller)
    for url in (f"/sales/{theirs.sale.id}", f"/sales/{theirs.sale.id}/receipt"):
        assert client.get(url).status_code == 404
    assert client.get(f"/sell/sold/{theirs.sale.id}").status_code == 404
    assert client.get(f"/sell/{theirs.plan.id}").status_code == 404
    for query in queries(theirs):
        for url in ("/sales", "/sales.csv", "/sell"):
            assert not shows(client.get(url, query_string=query)), (url, query)
