"""The token list, its files, and ending many tokens at once."""

import csv
import io
from datetime import timedelta

import pytest

from tests.factories import (
    make_batch,
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_membership,
    make_plan,
    make_token,
    make_user,
)
from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.tokens import bulk, operations
from wifiapp.tokens.operations import Changed, InvalidReason
from wifiapp.tokens.states import Event

BOSS = Actor(user_id=None, email="boss@example.org")


@pytest.fixture
def shop():
    return make_business(name="Corner Shop")


@pytest.fixture
def plan(shop):
    return make_plan(shop, name="1 hour")


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER", email="manager@example.org")
    make_membership(user, shop)
    return sign_in_as(user)


def stock(plan, *statuses, **given):
    made = [make_token(plan=plan, status=status, **given) for status in statuses]
    db.session.commit()
    return made


def listed(client, query=""):
    """Return the codes in the list and in both files, which must be the same."""
    rows = list(csv.DictReader(io.StringIO(client.get(f"/tokens.csv?{query}").text)))
    found = [row["token"] for row in rows]
    assert [row["token"] for row in client.get(f"/tokens.json?{query}").json["rows"]] == found
    page = client.get(f"/tokens?{query}")
    assert page.status_code == 200
    assert page.text.count('name="ids"') == min(len(found), 50)
    return set(found)


def actions():
    return [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]


# -- the list --------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_first(manager, sign_in_as, shop):
    assert "First a plan, then tokens" in manager.get("/tokens").text
    make_plan(shop)
    db.session.commit()
    assert "No tokens yet" in manager.get("/tokens").text
    assert "No business yet" in sign_in_as(make_user("MANAGER")).get("/tokens").text


def test_a_line_says_what_a_token_is(manager, plan):
    stock(plan, "UNUSED", token="A3K9M7P2")
    page = manager.get("/tokens").text
    for fact in ("<span>A3K9</span><span>M7P2</span>", "Available", "1 hour", "USD 1.00"):
        assert fact in page


def test_the_tiles_count_each_state_and_filter_by_it(manager, plan):
    a, b, c, d, e, f = stock(plan, "UNUSED", "UNUSED", "SOLD", "ACTIVE", "EXPIRED", "DISABLED")
    assert listed(manager) == {each.token for each in (a, b, c, d, e, f)}
    assert listed(manager, "state=available") == {a.token, b.token}
    assert listed(manager, "state=DISABLED") == {f.token}
    page = manager.get("/tokens?state=sold").text
    assert [part.split("<")[0] for part in page.split('<span class="value">')[1:]] == list("621111")


def test_every_filter_narrows(manager, shop, plan):
    hotspot = make_hotspot(system="R710")
    make_hotspot_business(hotspot, shop)
    batch = make_batch(plan)
    (one,) = stock(plan, "UNUSED", batch_id=batch.id)
    (other,) = stock(make_plan(shop, system="R710"), "UNUSED", hotspot=hotspot)
    assert listed(manager, f"plan={plan.id}") == {one.token}
    assert listed(manager, f"hotspot={hotspot.id}") == {other.token}
    assert listed(manager, "system=r710") == {other.token}
    assert listed(manager, f"business={shop.id}") == {one.token, other.token}
    assert listed(manager, f"batch={batch.id}") == {one.token}


@pytest.mark.parametrize(
    "q", ["A3K9M7P2", "a3k9-m7p2", "a3k9 m7", "voucher A3K9", "guest pass: a3k9 m7p2", "Token A3"]
)
def test_a_search_takes_a_code_as_people_write_it(manager, plan, q):
    stock(plan, "UNUSED", token="A3K9M7P2")
    stock(plan, "UNUSED", token="B3K9M7P2")
    assert listed(manager, f"q={q}") == {"A3K9M7P2"}


def test_signs_of_a_pattern_mean_themselves(manager, plan):
    stock(plan, "UNUSED", "SOLD")
    for q in ("%25", "_", "%5C"):
        assert listed(manager, f"q={q}") == set()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("state=mine", "There is no such state."),
        ("plan=nowhere", "There is no such plan."),
        ("hotspot=nowhere", "There is no such hotspot."),
        ("system=R650", "There is no such system."),
        ("business=nowhere", "There is no such business."),
        ("batch=nowhere", "There is no such batch."),
        ("batch=%00", "There is no such batch."),
        ("q=voucher", "Add the code after the word"),
        ("q=" + "x" * 101, "at most 100 characters"),
        ("after=nonsense", "This page address is damaged."),
    ],
)
def test_a_bad_filter_gets_its_message_and_the_page_works(manager, plan, query, message):
    (token,) = stock(plan, "UNUSED")
    page = manager.get(f"/tokens?{query}")
    assert page.status_code == 200
    assert message in page.text
    assert token.id in page.text
    if "after" not in query:
        assert manager.get(f"/tokens.csv?{query}").status_code == 400


def test_the_tokens_of_others_are_not_there(manager, plan, admin_client):
    (own,) = stock(plan, "UNUSED")
    (foreign,) = stock(make_plan(), "UNUSED")
    assert listed(manager) == {own.token}
    assert listed(admin_client) == {own.token, foreign.token}
    page = manager.get(f"/tokens?plan={foreign.token_config_id}&batch={make_batch().id}").text
    assert "There is no such plan." in page
    assert "There is no such batch." in page


def test_a_long_list_comes_in_pages_that_miss_nothing(manager, plan):
    made = {each.id for each in stock(plan, *["UNUSED"] * 120)}
    seen, url = set(), "/tokens"
    while url:
        page = manager.get(url).text
        seen |= {each.split('"')[0] for each in page.split('name="ids" value="')[1:]}
        following = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        url = following.replace("&amp;", "&") if 'rel="next"' in page else None
    assert seen == made


def test_a_seller_sees_none_of_these_pages(sign_in_as):
    client = sign_in_as(make_user("SELLER"))
    for url in ("/tokens", "/tokens.csv", "/tokens/plans", "/tokens/batches", "/tokens/import"):
        assert client.get(url).status_code == 403


def test_a_token_whose_time_is_over_says_so(manager, plan):
    past = clock.now() - timedelta(minutes=1)
    stock(plan, "ACTIVE", expires_at=past)
    assert "its time is over" in manager.get("/tokens").text


# -- ending many -----------------------------------------------------------------------------


def change(tokens=(), action="disable", **given):
    ids = "".join(f"&ids={token.id}" for token in tokens)
    more = "".join(f"&{name}={value}" for name, value in given.items())
    return f"/tokens/change?action={action}{ids}{more}"


def seen(page):
    return page.text.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]


def fresh(tokens):
    db.session.expire_all()
    return [token.status for token in tokens]


def test_ticked_tokens_are_shown_and_then_disabled_with_a_reason(manager, plan):
    tokens = stock(plan, "UNUSED", "SOLD", "ACTIVE", "DISABLED")
    url = change(tokens)
    page = manager.get(url)
    assert "Disable 3 tokens" in page.text and "These stay as they are" in page.text
    assert "Somebody has paid for these" in page.text
    assert all(f"<li>{token.token}</li>" in page.text for token in tokens)
    assert fresh(tokens) == ["UNUSED", "SOLD", "ACTIVE", "DISABLED"]
    done = manager.post(url, data={"reason": "stolen  sheet", "seen": seen(page)})
    assert done.location == "/tokens"
    assert fresh(tokens) == ["DISABLED"] * 4
    assert tokens[0].end_reason == "stolen sheet" and tokens[0].ended_at
    assert tokens[3].end_reason is None
    assert actions() == ["token.disable"] * 3
    entry = db.session.query(AuditLog).filter_by(entity_id=tokens[1].id).one()
    assert entry.user_email == "manager@example.org"
    assert entry.change == {
        "token": tokens[1].token,
        "status": {"from": "SOLD", "to": "DISABLED"},
        "reason": "stolen sheet",
    }


def test_all_tokens_of_the_filters_are_expired_and_no_other(manager, shop, plan):
    tokens, others = stock(plan, "UNUSED", "UNUSED"), stock(make_plan(shop), "UNUSED")
    url = change(action="expire", all=1, plan=plan.id, state="available")
    page = manager.get(url)
    assert "Expire 2 tokens" in page.text
    answer = manager.post(url, data={"reason": "season is over", "seen": seen(page)})
    assert answer.location == f"/tokens?state=available&plan={plan.id}"
    assert fresh([*tokens, *others]) == ["EXPIRED", "EXPIRED", "UNUSED"]


def test_tokens_that_changed_since_they_were_seen_are_left_alone(manager, plan):
    tokens = stock(plan, "UNUSED", "UNUSED")
    url = change(all=1, plan=plan.id)
    page = manager.get(url)
    stock(plan, "UNUSED")
    answer = manager.post(url, data={"reason": "old", "seen": seen(page)})
    assert answer.status_code == 422
    assert "have changed since you looked" in answer.text
    assert "Disable 3 tokens" in answer.text
    assert 'value="old"' in answer.text
    assert fresh(tokens) == ["UNUSED", "UNUSED"]


def test_a_reason_is_needed(manager, plan):
    tokens = stock(plan, "UNUSED")
    url = change(tokens)
    page = manager.post(url, data={"reason": " ", "seen": seen(manager.get(url))})
    assert page.status_code == 422
    assert fresh(tokens) == ["UNUSED"]
    with pytest.raises(InvalidReason):
        operations.end_token(BOSS, tokens[0].id, Event.DISABLE, "x" * 201)


def test_the_tokens_of_others_are_not_ended(manager, plan):
    own, foreign = stock(plan, "UNUSED"), stock(make_plan(), "UNUSED")
    url = change([*own, *foreign])
    page = manager.get(url)
    assert "Disable 1 token" in page.text
    manager.post(url, data={"reason": "old", "seen": seen(page)})
    assert fresh([*own, *foreign]) == ["DISABLED", "UNUSED"]


@pytest.mark.parametrize(
    "url",
    [
        "/tokens/change",
        "/tokens/change?action=disable",
        "/tokens/change?action=sell&all=1",
        "/tokens/change?action=disable&ids=nowhere&ids=%00",
        "/tokens/change?action=disable&all=1&plan=nowhere",
    ],
)
def test_nothing_chosen_is_nothing_changed(manager, plan, url):
    tokens = stock(plan, "UNUSED")
    answer = manager.post(url, data={"reason": "old"}, follow_redirects=True)
    assert "Tick the tokens to change first. Nothing was changed." in answer.text
    assert fresh(tokens) == ["UNUSED"]


def test_there_is_a_bound_to_what_changes_at_once(manager, plan, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 2)
    monkeypatch.setattr(operations, "MOST", 2)
    tokens = stock(plan, "UNUSED", "UNUSED", "UNUSED")
    answer = manager.get(change(tokens), follow_redirects=True)
    assert "At most 2 tokens can be changed at once." in answer.text
    with pytest.raises(Changed, match="At most 2"):
        operations.end_tokens(BOSS, [each.id for each in tokens], Event.DISABLE, "x", "")


def test_a_thousand_tokens_are_shown_one_by_one_on_a_small_page(manager, plan):
    stock(plan, *["UNUSED"] * 1000)
    assert "Disable 1000 tokens" in manager.get(change(all=1)).text


def test_when_none_can_change_there_is_nothing_to_confirm(manager, plan):
    page = manager.get(change(stock(plan, "EXPIRED", "DISABLED"), action="expire"))
    assert "None of these tokens can be changed like this." in page.text
    assert 'name="reason"' not in page.text
