"""What a role is shown: every link and button is one that it may use, about its own business."""

import re
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from werkzeug.exceptions import NotFound

from tests.factories import (
    make_batch,
    make_block,
    make_business,
    make_closing,
    make_command,
    make_device,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_plan,
    make_sale,
    make_token,
    make_user,
)
from wifiapp.access import allowed

HIDDEN = "Hidden"
ENOUGH = 3  # pages of one kind, with the same filters


def furnish(business, word):
    """Give a business something of everything, whose names hold the word."""
    hotspot = make_hotspot(name=f"{word} box")
    by_hand = make_hotspot(name=f"{word} manual", is_manual=True, address="")
    for each in (hotspot, by_hand):
        make_hotspot_business(each, business, ssid=f"{word} net")
    plan = make_plan(business, name=f"{word} plan")
    make_batch(plan, by_hand, made=1)
    for status in ("UNUSED", "SOLD", "ACTIVE", "EXPIRED"):
        token = make_token(plan=plan, hotspot=hotspot, status=status, plan_name=f"{word} plan")
        if status != "UNUSED":
            make_sale(token, receipt_number=len(status))
    make_device(make_token(plan=plan, hotspot=hotspot, status="ACTIVE"))
    make_command(make_token(plan=plan, hotspot=hotspot))
    make_block(business, hotspot)
    make_closing(business)


@pytest.fixture
def shop():
    shop, hidden = make_business(name="Own Shop"), make_business(name=f"{HIDDEN} Shop")
    furnish(shop, "Own")
    furnish(hidden, HIDDEN)
    return shop


def addresses(page, attribute):
    found = re.findall(rf'\s{attribute}="([^"]*)"', page)
    return {unescape(each) for each in found if each and not each.startswith(("#", "data:"))}


def kind_of(app, url):
    """Return what stands for all pages like this one, and who may open it."""
    path, query = urlsplit(url).path, urlsplit(url).query
    adapter = app.url_map.bind("localhost")
    endpoint, _values = adapter.match(path, method="GET")
    return endpoint, tuple(sorted(parse_qs(query)))


@pytest.mark.parametrize("role", ["MANAGER", "SELLER"])
def test_no_page_offers_what_its_reader_may_not_do(app, shop, sign_in_as, role):
    user = make_user(role)
    make_membership(user, shop)
    make_sale(make_token(shop, status="SOLD"), sold_by=user.id, receipt_number=1)
    client = sign_in_as(user)
    seen, waiting, visits = set(), ["/sell" if role == "SELLER" else "/"], {}
    while waiting:
        url = waiting.pop()
        kind = kind_of(app, url)
        if url in seen or visits.get(kind, 0) >= ENOUGH:
            continue
        seen.add(url)
        visits[kind] = visits.get(kind, 0) + 1
        answer = client.get(url)
        assert answer.status_code in (200, 303), (role, url, answer.status_code)
        assert HIDDEN not in answer.text, (role, url)
        if answer.mimetype != "text/html":
            continue
        links = {urljoin(url, each) for each in addresses(answer.text, "href")}
        waiting += sorted(each for each in links if not each.startswith("/static/"))
        must_be_allowed(app, role, url, answer.text)
    assert len({endpoint for endpoint, _filters in visits}) >= (45 if role == "MANAGER" else 8)


def must_be_allowed(app, role, url, page):
    """Fail when the page has a form that the role may not send."""
    adapter = app.url_map.bind("localhost")
    for form in re.findall(r"<form[^>]*>", page):
        method = "POST" if 'method="post"' in form else "GET"
        for action in addresses(form, "action") or {url}:
            try:
                endpoint, _values = adapter.match(urlsplit(action).path, method=method)
            except NotFound:
                pytest.fail(f"{url} has a form that leads nowhere: {action}")
            assert role in allowed(app.view_functions[endpoint]), (role, url, action)
