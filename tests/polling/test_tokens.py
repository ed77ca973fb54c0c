"""What looks at a hotspot make of its tokens."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import make_sale
from tests.polling.looks import NOON, Box, active, after, expired, there, unused
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.hotspots.driver import SeenToken
from wifiapp.polling import presence, queries, token_rules, writing
from wifiapp.polling.state import Changes
from wifiapp.tokens.models import WifiToken


@pytest.fixture
def box():
    return Box()


@pytest.mark.parametrize("status", ["UNUSED", "SOLD"])
def test_the_first_use_makes_a_token_active(box, status):
    token = box.token(status=status)
    box.look(after(3), active(token, there(), first_used_at=after(1)))
    assert (token.status, token.first_used_at) == ("ACTIVE", after(1))
    assert (token.expires_at, token.last_sync_at) == (after(61), after(3))


def test_stock_is_written_once_and_then_left_alone(box):
    token = box.token()
    box.look(after(), unused(token, redeem_by=after(600)))
    assert (token.last_sync_at, token.redeem_by) == (NOON, after(600))
    box.look(after(1), unused(token, redeem_by=after(600, 20)))
    assert (token.last_sync_at, token.redeem_by) == (NOON, after(600))
    box.look(after(2), unused(token, redeem_by=after(900)))
    assert (token.last_sync_at, token.redeem_by) == (after(2), after(900))


def test_a_token_used_up_between_two_looks_was_used(box):
    token = box.token(status="SOLD")
    times = {"first_used_at": after(5), "expires_at": after(65)}
    box.look(after(70), expired(token, **times))
    assert (token.status, token.first_used_at, token.expires_at, token.ended_at) == (
        "EXPIRED",
        after(5),
        after(65),
        None,
    )


def test_an_unused_token_past_its_day_expires_without_having_been_used(box):
    token = box.token(status="SOLD", redeem_by=after(-5))
    box.look(after(), expired(token))
    assert (token.status, token.first_used_at, token.ended_at) == ("EXPIRED", None, None)


def test_a_token_that_its_hotspot_ended_early_says_when_and_why(box):
    token = box.token()
    box.look(after(), active(token, there()))
    box.look(after(10), expired(token, first_used_at=NOON, expires_at=after(60)))
    assert (token.status, token.ended_at) == ("EXPIRED", after(10))
    assert token.end_reason == token_rules.ENDED_EARLY


def test_a_token_with_more_time_has_more_time(box):
    token = box.token()
    box.look(after(), active(token, there()))
    box.look(after(30), active(token, there(), first_used_at=after(30)))
    assert (token.status, token.expires_at, token.first_used_at) == ("ACTIVE", after(90), NOON)


@pytest.mark.parametrize(
    ("status", "becomes"), [("UNUSED", "DISABLED"), ("SOLD", "DISABLED"), ("ACTIVE", "EXPIRED")]
)
def test_what_lacks_in_a_complete_listing_is_lost(box, status, becomes):
    times = {"first_used_at": NOON, "expires_at": after(60)} if status == "ACTIVE" else {}
    token = box.token(status=status, last_sync_at=NOON, **times)
    found = box.look(after(1))
    assert (token.status, token.ended_at, found.lost) == (becomes, after(1), 1)
    assert token.end_reason == token_rules.LOST
    (line,) = db.session.scalars(select(AuditLog).filter_by(action="hotspot.lost-tokens"))
    assert (line.business_id, line.change["codes"]) == (box.business.id, [token.token])


def test_what_lacks_elsewhere_is_not_lost(box):
    known = box.token(last_sync_at=NOON)
    never_there = box.token()
    ended = box.token(status="DISABLED", last_sync_at=NOON)
    box.look(after(1), is_complete=False)
    assert known.status == "UNUSED"
    box.look(after(2), unused(known))
    assert (known.status, never_there.status, ended.status) == ("UNUSED", "UNUSED", "DISABLED")


@pytest.mark.parametrize("status", ["EXPIRED", "DISABLED"])
def test_a_token_that_has_ended_stays_so_whatever_the_hotspot_says(box, status):
    token = box.token(status=status, ended_at=after(-5), end_reason="lost phone")
    box.look(after(), active(token, there()))
    assert (token.status, token.ended_at, token.end_reason) == (status, after(-5), "lost phone")


def test_a_token_sold_while_a_look_is_taken_in_stays_sold_and_is_taken_next_time(box):
    token = box.token(last_sync_at=NOON)
    sighting = box.sighting(after(1))
    changes = presence.changes_of(queries.before(box.hotspot, sighting), sighting)
    make_sale(token)
    db.session.execute(update(WifiToken).values(status="SOLD"))
    assert writing.write(box.hotspot.id, changes, after(1)) == []
    db.session.expire_all()
    assert token.status == "SOLD"
    box.look(after(2))
    assert token.status == "DISABLED"


def test_the_tokens_of_another_hotspot_are_none_of_its_business(box):
    other, own = Box(), box.token()
    token = other.token(last_sync_at=NOON)
    box.look(after(), unused(own), SeenToken(token.token, "ACTIVE", devices=(there(),)))
    assert (token.status, box.hotspot.foreign_tokens) == ("UNUSED", 1)


def test_a_look_that_shows_nothing_new_writes_no_token(box):
    tokens = [box.token() for _ in range(3)]
    box.look(after(), *(unused(each) for each in tokens))
    sighting = box.sighting(after(1), *(unused(each) for each in tokens))
    assert presence.changes_of(queries.before(box.hotspot, sighting), sighting) == Changes()


def test_what_a_complete_listing_should_have_is_what_was_there_and_has_not_ended(box):
    for status, synced in (("UNUSED", NOON), ("ACTIVE", NOON), ("UNUSED", None), ("EXPIRED", NOON)):
        box.token(status=status, last_sync_at=synced, token=f"{status}{'' if synced else '?'}")
    assert queries.known_tokens(box.hotspot.id) == {"UNUSED": "UNUSED", "ACTIVE": "ACTIVE"}
    overtime = box.token(status="ACTIVE")
    box.look(after(), active(overtime, there()), is_complete=False)
    overtime.status, overtime.ended_at = "DISABLED", NOON
    db.session.flush()
    assert queries.known_tokens(box.hotspot.id)[overtime.token] == "DISABLED"


def test_thousands_of_tokens_are_one_look(box):
    tokens = [box.token() for _ in range(400)]
    mac = "AC:DE:48:00:{:02X}:{:02X}".format
    seen = [
        active(each, there(mac(*n.to_bytes(2))), there(mac(n % 256, n % 7)))
        for n, each in enumerate(tokens)
    ]
    assert box.look(after(), *seen).online == sum(len({d.mac for d in t.devices}) for t in seen)
    assert {each.status for each in tokens} == {"ACTIVE"}


def test_the_pause_after_failures_grows_to_five_minutes_and_ends_with_the_first_look(box):
    def wait():
        return (box.hotspot.next_poll_at - at) / timedelta(seconds=1)

    expected = (30, 60, 120, 240, 300, 300)
    for n, seconds in enumerate(expected):
        at = after(n)
        box.miss(at)
        assert 0.89 * seconds <= wait() <= 1.11 * seconds
    at = after(9)
    box.look(at)
    assert 26 <= wait() <= 34
