"""The pages of batches and of imports."""

import io
from threading import Event

import pytest

from tests.factories import (
    make_batch,
    make_business,
    make_membership,
    make_plan,
    make_token,
    make_user,
    make_worker_state,
)
from wifiapp import clock
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.tokens import batches_operations, imports
from wifiapp.tokens.models import TokenBatch, WifiToken


@pytest.fixture
def shop():
    return make_business(name="Corner Shop")


@pytest.fixture
def plan(shop):
    return make_plan(shop, name="Long evening")


@pytest.fixture
def manager(sign_in_as, shop):
    user = make_user("MANAGER")
    make_membership(user, shop)
    return sign_in_as(user)


def batch_of(**given):
    batch = make_batch(**given)
    db.session.commit()
    return batch


def fresh(batch):
    db.session.refresh(batch)
    return batch


# -- asking ----------------------------------------------------------------------------------


def test_the_form_states_the_chance_of_a_guess(manager, plan):
    assert "no guess can hit" in manager.get("/tokens/batches/make").text
    for status in ("UNUSED", "SOLD", "ACTIVE", "EXPIRED"):
        make_token(plan=plan, status=status)
    db.session.commit()
    page = manager.get(f"/tokens/batches/make?plan={plan.id}").text
    assert "852,891,037,441" in page
    assert "one guess in 852,891,037,441 hits it" in page
    assert "Long evening · 1 hour · USD 1.00" in page


def test_without_a_plan_the_way_to_one_is_shown(manager):
    assert "First a plan, then tokens" in manager.get("/tokens/batches/make").text


def test_asking_leads_to_the_page_of_the_batch(manager, plan):
    data = {"plan": plan.id, "count": "12", "hotspot": "", "form_id": new_id()}
    answer = manager.post("/tokens/batches/make", data=data)
    batch = db.session.query(TokenBatch).one()
    assert answer.location == f"/tokens/batches/{batch.id}" == f"/tokens/batches/{data['form_id']}"
    assert manager.post("/tokens/batches/make", data=data).location == answer.location
    assert db.session.query(TokenBatch).count() == 1
    page = manager.get(answer.location).text
    assert "Waiting for the worker" in page and "The worker is not running" in page
    make_worker_state()
    assert "The worker is not running" not in manager.get(answer.location).text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"count": "0"}, "Make 1 to 1,000 at once."),
        ({"count": "1001"}, "Make 1 to 1,000 at once."),
        ({"count": "many"}, "Enter a whole number."),
        ({"count": ""}, "Enter a whole number."),
        ({"plan": "nowhere"}, "Choose one of the plans."),
        ({"hotspot": "nowhere"}, "There is no such hotspot any more."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(manager, plan, wrong, message):
    data = {"plan": plan.id, "count": "12", "hotspot": ""} | wrong
    page = manager.post("/tokens/batches/make", data=data)
    assert page.status_code == 422
    assert message in page.text
    assert db.session.query(TokenBatch).count() == 0


def test_a_hotspot_that_does_not_fit_is_refused_in_words(manager, plan, shop):
    r710 = make_plan(shop, system="R710")
    db.session.commit()
    manager.post("/tokens/batches/make", data={"plan": r710.id, "count": "1", "hotspot": ""})
    hotspot = db.session.query(TokenBatch).one().hotspot_id
    data = {"plan": plan.id, "count": "1", "hotspot": hotspot}
    page = manager.post("/tokens/batches/make", data=data)
    assert page.status_code == 422
    assert "is an R710, the plan is for an ESP32" in page.text


def test_a_form_id_that_is_none_gets_a_fresh_one(manager, plan):
    data = {"plan": plan.id, "count": "1", "form_id": "../../etc"}
    answer = manager.post("/tokens/batches/make", data=data)
    assert answer.status_code == 303 and "etc" not in answer.location


# -- watching --------------------------------------------------------------------------------


def test_a_running_batch_asks_again_and_a_finished_one_ends_that(manager, plan):
    batch = batch_of(plan=plan, status="RUNNING", asked=300, made=100)
    url = f"/tokens/batches/{batch.id}"
    page = manager.get(url).text
    assert 'hx-trigger="every 1s"' in page and "100 of 300" in page
    assert '<meta http-equiv="refresh" content="2">' in page
    part = manager.get(url, headers={"HX-Request": "true"})
    assert "<html" not in part.text and "HX-Refresh" not in part.headers
    batch.status, batch.made, batch.finished_at = "DONE", 300, clock.now()
    db.session.commit()
    part = manager.get(url, headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true" and "hx-trigger" not in part.text


def test_a_failed_batch_says_exactly_how_many_were_made_and_offers_the_rest(manager, plan):
    batch = batch_of(plan=plan, status="FAILED", asked=10, made=4, error="Codes ran out.")
    page = manager.get(f"/tokens/batches/{batch.id}").text
    assert "4 of 10 tokens were made" in page and "Codes ran out." in page
    manager.post(f"/tokens/batches/{batch.id}/resume")
    assert fresh(batch).status == "QUEUED"
    manager.post(f"/tokens/batches/{batch.id}/cancel")
    assert fresh(batch).status == "CANCELLED"
    page = manager.post(f"/tokens/batches/{batch.id}/cancel", follow_redirects=True)
    assert "nothing to cancel" in page.text


def test_a_batch_counts_what_became_of_its_tokens(manager, plan):
    batch = batch_of(plan=plan, status="DONE", asked=3, made=3)
    for status in ("UNUSED", "UNUSED", "SOLD"):
        make_token(plan=plan, status=status, batch_id=batch.id)
    db.session.commit()
    page = manager.get(f"/tokens/batches/{batch.id}").text
    assert "What became of them" in page
    assert f"/tokens?batch={batch.id}&amp;state=sold" in page or "state=sold" in page
    assert "is a manual hotspot: load these codes" in page


def test_the_list_of_batches_is_newest_first_and_paged(manager, plan):
    assert "No batch yet" in manager.get("/tokens/batches").text
    for _ in range(27):
        batch_of(plan=plan)
    page = manager.get("/tokens/batches").text
    assert page.count('data-label="Made"') == 25 and 'rel="next"' in page
    following = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert manager.get(following).text.count('data-label="Made"') == 2
    assert "damaged" in manager.get("/tokens/batches?after=nonsense").text


def test_the_batch_of_another_business_is_not_found(manager):
    batch = batch_of()
    for wrong in (batch.id, "nowhere"):
        assert manager.get(f"/tokens/batches/{wrong}").status_code == 404
        for verb in ("cancel", "resume"):
            assert manager.post(f"/tokens/batches/{wrong}/{verb}").status_code == 404
    assert fresh(batch).status == "QUEUED"
    assert batch.plan_name not in manager.get("/tokens/batches").text


# -- importing -------------------------------------------------------------------------------


def send(client, plan, content, given=()):
    file = (io.BytesIO(content.encode()), "codes.csv")
    data = {"plan": plan.id, "hotspot": "", "file": file} | dict(given)
    return client.post("/tokens/import", data=data)


def payload(page):
    value = page.text.partition('name="lines" value="')[2].partition('"')[0]
    return value.replace("&#34;", '"').replace("&amp;", "&")


def test_codes_come_in_after_they_were_looked_at(manager, plan):
    page = send(manager, plan, "token\nAAAA-2222\nbbbb3333\n")
    assert page.status_code == 200
    assert "Import 2 codes" in page.text and "AAAA2222, BBBB3333" in page.text
    assert db.session.query(WifiToken).count() == 0
    data = {"plan": plan.id, "hotspot": "", "lines": payload(page)}
    answer = manager.post("/tokens/import", data=data, follow_redirects=True)
    assert "2 codes were brought in." in answer.text
    assert {each.token for each in db.session.query(WifiToken)} == {"AAAA2222", "BBBB3333"}
    again = manager.post("/tokens/import", data=data)
    assert again.status_code == 422
    assert "The hotspot has this code already" in again.text
    assert db.session.query(WifiToken).count() == 2


def test_a_plan_with_odd_signs_in_its_name_comes_through_the_confirmation(manager, plan, shop):
    make_plan(shop, name='Mum\'s "1, 2" & <3>')
    db.session.commit()
    page = send(manager, plan, 'token,plan\nAAAA2222,"Mum\'s ""1, 2"" & <3>"\nBBBB2222,\n')
    lines = payload(page).replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
    answer = manager.post("/tokens/import", data={"plan": plan.id, "lines": lines})
    assert answer.location == "/tokens/batches"
    assert {b.plan_name for b in db.session.query(TokenBatch)} == {
        'Mum\'s "1, 2" & <3>',
        "Long evening",
    }


def test_what_is_wrong_is_shown_by_line_and_cannot_be_confirmed(manager, plan):
    page = send(manager, plan, "token,plan\nAAAA2222,\nB,\n<b>,\nCCCC2222,Nope\n")
    assert page.status_code == 422
    assert "3 lines will not do" in page.text and "Line 4" in page.text
    assert "&lt;B&gt;" in page.text and 'name="lines"' not in page.text


def test_many_bad_lines_and_many_good_ones_make_a_small_page(manager, plan):
    bad = send(manager, plan, "\n".join("Ä" * 10 for _ in range(1000)))
    assert "and 950 more" in bad.text
    good = send(manager, plan, "\n".join(f"ABCDEFGHJK{n:05}" for n in range(1000)))
    assert "Import 1000 codes" in good.text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"plan": "nowhere"}, "Choose one of the plans."),
        ({"hotspot": "nowhere"}, "There is no such hotspot any more."),
        ({"file": (io.BytesIO(b""), "")}, "Choose a file."),
    ],
)
def test_what_is_wrong_with_the_form_stands_beside_the_field(manager, plan, given, message):
    page = send(manager, plan, "AAAA2222", given)
    assert page.status_code == 422
    assert message in page.text


def test_a_file_that_is_too_large_is_refused_whatever_it_holds(manager, plan):
    page = send(manager, plan, "A" * (imports.LARGEST + 1))
    assert "larger than 40 kB" in page.text


def test_the_sample_file_comes_in_as_it_is(manager, plan):
    sample = manager.get("/tokens/import/sample.csv")
    assert "attachment" in sample.headers["Content-Disposition"]
    assert "Import 3 codes" in send(manager, plan, sample.text).text


def test_an_import_is_a_batch_that_is_done(manager, plan):
    page = send(manager, plan, "AAAA2222")
    data = {"plan": plan.id, "lines": payload(page)}
    answer = manager.post("/tokens/import", data=data, follow_redirects=True)
    assert "Imported" in answer.text and "1 of 1" in answer.text
    assert batches_operations.run_queued(Event()) is None
