"""Reading a file of codes, and bringing it in: all or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_batch, make_business, make_hotspot_business, make_plan, make_token
from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens import imports, imports_operations
from wifiapp.tokens.batches import Unfit
from wifiapp.tokens.checking import check
from wifiapp.tokens.imports_operations import Refused
from wifiapp.tokens.models import TokenBatch, WifiToken

BOSS = Actor(user_id=None, email="boss@example.org")


def read(text, system="ESP32"):
    return imports.read(text.encode() if isinstance(text, str) else text, system)


def told(reading):
    return {each.number: each.message for each in reading.problems}


# -- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "AAAA2222\nBBBB3333\n",
        "token\nAAAA2222\nBBBB3333",
        "token,plan\r\nAAAA2222,\r\nBBBB3333,\r\n",
        "plan;voucher\n;aaaa-2222\n;bbbb 3333\n",
        '\ufeff"Code"\t"Plan"\nAAAA2222\t\n\n\nBBBB3333\t\n',
        "Guest Pass\rAAAA2222\rBBBB3333",
    ],
)
def test_a_file_may_be_written_in_many_ways(text):
    reading = read(text)
    assert [line.code for line in reading.lines] == ["AAAA2222", "BBBB3333"]
    assert [line.plan for line in reading.lines] == ["", ""]
    assert reading.problems == []


def test_a_line_may_name_its_plan():
    assert [line.plan for line in read("token,plan\nAAAA2222,1 hour\nBBBB3333").lines] == [
        "1 hour",
        "",
    ]


def test_an_r710_keeps_its_dashes_and_an_esp32_has_none():
    assert [line.code for line in read("abcde-fghjk", "R710").lines] == ["ABCDE-FGHJK"]
    assert [line.code for line in read("abcd-efgh").lines] == ["ABCDEFGH"]


def test_what_is_wrong_is_said_by_line():
    text = "token,plan\nAAAA2222,x\n,x\nAAA,x\nBB*B3333,x\naaaa-2222,x\n" + "C" * 17 + ",x\nÄBCD2,x"
    reading = read(text)
    assert [line.code for line in reading.lines] == ["AAAA2222"]
    assert {number: message.split(":")[0] for number, message in told(reading).items()} == {
        3: "The code is missing.",
        4: "The code is too short to be safe",
        5: "A code has letters A to Z and digits, with single dashes between them.",
        6: "Line 2 has this code, or one that looks like it.",
        7: "The code is too long",
        8: "A code has letters A to Z and digits, with single dashes between them.",
    }


def test_two_codes_that_look_alike_are_not_brought_in_together():
    assert told(read("O0IL2222\n001L2222")) == {
        2: "Line 1 has this code, or one that looks like it."
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "There is no code"),
        (b"token,plan\n", "There is no code"),
        (b"\xff\xfe\x00A", "UTF-8"),
        (b"A" * (imports.LARGEST + 1), "larger than 40 kB"),
        ("\n".join(f"AA{n:06}" for n in range(1001)).encode(), "more than 1,000"),
    ],
)
def test_a_file_that_will_not_do_is_refused_as_a_whole(content, message):
    assert message in told(read(content))[0]


@given(st.binary(max_size=300))
def test_no_file_stops_the_reading(content):
    reading = read(content, "R710")
    assert reading.lines or reading.problems


@given(st.text(max_size=200), st.sampled_from(["ESP32", "R710"]))
def test_lines_that_were_read_are_written_so_that_they_are_read_again(text, system):
    lines = read(text, system).lines
    again = read(imports.written(lines), system)
    if lines:
        assert [line.code for line in again.lines] == [line.code for line in lines]
        assert not again.problems


def test_the_sample_is_a_file_that_comes_in():
    assert len(read(imports.sample("1 hour")).lines) == 3


# -- bringing in -----------------------------------------------------------------------------


@pytest.fixture
def plan():
    return make_plan(name="1 hour")


def bring_in(plan, text, hotspot_id=None):
    return imports_operations.import_tokens(BOSS, text.encode(), plan.id, hotspot_id)


def test_every_code_comes_in_with_the_terms_of_its_plan(plan):
    day = make_plan(
        name="Day pass",
        business_id=plan.business_id,
        duration_minutes=1440,
        price=2,
        device_limit=2,
    )
    made = bring_in(plan, "token,plan\nAAAA2222,\nBBBB3333, day PASS\nCCCC4444,1 hour")
    assert [(b.plan_name, b.asked, b.made, b.status, b.source) for b in made] == [
        ("1 hour", 2, 2, "DONE", "IMPORTED"),
        ("Day pass", 1, 1, "DONE", "IMPORTED"),
    ]
    token = db.session.query(WifiToken).filter_by(token="BBBB3333").one()
    assert (token.token_config_id, token.plan_name, token.price) == (day.id, "Day pass", 2)
    assert (token.duration_minutes, token.device_limit, token.status) == (1440, 2, "UNUSED")
    assert (token.batch_id, token.business_id) == (made[1].id, plan.business_id)
    hotspot = db.session.get(Hotspot, token.hotspot_id)
    assert (hotspot.name, hotspot.is_manual) == ("Manual ESP32", True)
    actions = [each.action for each in db.session.query(AuditLog).order_by(AuditLog.at)]
    assert actions == ["hotspot.create", "batch.import", "batch.import"]


@pytest.mark.parametrize("bad", ["AAAA2222,", "ÄÄÄÄ,", "DDDD5555,Week pass"])
def test_one_bad_line_keeps_all_others_out(plan, bad):
    with pytest.raises(Refused):
        bring_in(plan, f"token,plan\nAAAA2222,\nBBBB3333,\n{bad}\n")
    assert db.session.query(WifiToken).count() == 0
    assert db.session.query(TokenBatch).count() == 0
    assert db.session.query(Hotspot).count() == 0


def test_a_code_that_the_hotspot_has_is_named_also_when_it_only_looks_like_it(plan):
    bring_in(plan, "L0LA2222\nBBBB3333")
    hotspot = db.session.query(Hotspot).one()
    checked = check(b"1OIA2222\nbbbb-3333\nCCCC4444", plan, hotspot)
    assert [each.number for each in checked.problems] == [1, 2]
    with pytest.raises(Refused):
        bring_in(plan, "BBBB3333")
    assert db.session.query(WifiToken).count() == 2


def test_another_hotspot_may_have_the_same_code(plan):
    make_token(token="AAAA2222")
    assert bring_in(plan, "AAAA2222")[0].made == 1


def test_a_plan_that_is_not_offered_there_is_named_with_those_that_are(plan):
    make_plan(name="Old", business_id=plan.business_id, is_active=False)
    make_plan(name="Rooftop", business_id=plan.business_id, system="R710")
    make_plan(name="Foreign")
    for name in ("Old", "Rooftop", "Foreign"):
        (problem,) = check(f"token,plan\nAAAA2222,{name}".encode(), plan, None).problems
        assert problem.message.endswith("There are: 1 hour.")


def test_a_hotspot_of_others_or_of_another_system_takes_no_codes(plan):
    elsewhere = make_batch(make_plan()).hotspot_id
    with pytest.raises(Unfit, match="does not serve"):
        bring_in(plan, "AAAA2222", elsewhere)
    r710 = make_batch(make_plan(system="R710")).hotspot_id
    business = db.session.get(type(make_business()), plan.business_id)
    make_hotspot_business(db.session.get(Hotspot, r710), business)
    with pytest.raises(Unfit, match="is an R710, the plan is for an ESP32"):
        bring_in(plan, "AAAA2222", r710)
