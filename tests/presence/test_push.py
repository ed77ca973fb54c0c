"""What a push does to the tables, and what it leaves alone."""

import pytest
from sqlalchemy import select

from tests.factories import make_sale
from tests.presence.conftest import MAC, NOON, OTHER, Portal, after, gone, rows, there
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice


def device(mac=MAC):
    return db.session.scalar(select(WifiTokenDevice).filter_by(mac_address=mac))


def sessions(mac=MAC):
    """Return the sessions of a device: when they began and ended, and why."""
    mine = select(DeviceSession).filter_by(wifi_token_device_id=device(mac).id)
    found = db.session.scalars(mine.order_by(DeviceSession.started_at)).all()
    return [(each.started_at, each.ended_at, each.end_reason) for each in found]


def the_session():
    return db.session.scalars(select(DeviceSession)).one()


def volumes():
    return sum(each.bytes_down for each in db.session.scalars(select(TokenUsage)))


# -- online ----------------------------------------------------------------------------------------


def test_a_device_that_is_pushed_is_there_with_all_that_was_told_of_it(portal):
    token = portal.token("B4M2N8Q5")
    answer = portal.push(
        there(
            "B4M2N8Q5",
            hostname="Galaxy-Tab",
            deviceType="Android",
            ipv6="fe80::1",
            connectedAt="2026-11-22T09:58:00Z",
            bytesDown=2_000_000,
            bytesUp=1_000_000,
            signal=-60,
            ssid="Corner",
            accessPoint="Door",
        )
    )
    assert answer == {"at": "2026-11-22T10:00:00Z", "taken": 1, "refused": []}
    it, session = device(), the_session()
    assert (it.is_online, it.current_ip, it.last_seen) == (True, "192.168.4.100", NOON)
    assert it.first_seen == session.started_at == after(-2)
    told = (session.ipv6, session.signal, session.ssid, session.access_point, session.hotspot_id)
    assert told == ("fe80::1", -60, "Corner", "Door", portal.hotspot.id)
    assert (session.bytes_down, session.bytes_up, volumes()) == (2_000_000, 1_000_000, 2_000_000)
    profile = db.session.scalars(select(DeviceProfile)).one()
    assert (profile.hostname, profile.device_type) == ("Galaxy-Tab", "Android")
    assert (token.status, token.first_used_at, token.expires_at) == ("ACTIVE", after(-2), after(58))


def test_the_hotspot_is_heard_by_a_push_and_by_an_empty_one(portal):
    portal.push()
    assert (portal.hotspot.status, portal.hotspot.last_contact_at) == ("OK", NOON)
    assert rows(WifiTokenDevice)["wifi_token_devices"] == []


def test_the_same_push_again_changes_nothing_but_when_they_were_seen(portal):
    portal.token("B4M2N8Q5")
    push = [
        there(hostname="iPhone", bytesDown=10, connectedAt="2026-11-22T09:59:00Z"),
        there("B4M2N8Q5", OTHER, ip="fe80::2"),
        gone("B4M2N8Q5", "ac:de:48:00:00:03"),
        there("NOSUCH"),
    ]
    first = portal.push(*push)
    before = rows(but=("updatedAt",))
    assert portal.push(*push) == first
    assert rows(but=("updatedAt",)) == before
    portal.push(*push, at=after(seconds=30))
    assert device().last_seen == device(OTHER).last_seen == after(seconds=30)
    seen = ("updatedAt", "lastSeen")
    assert rows(but=seen) == {
        name: [{k: v for k, v in row.items() if k not in seen} for row in found]
        for name, found in before.items()
    }


def test_who_is_not_named_has_not_left(portal):
    portal.push(there(), there(mac=OTHER))
    portal.push(there(mac=OTHER), at=after(1))
    portal.push(at=after(2))
    assert (device().is_online, device().last_seen) == (True, NOON)
    assert sessions() == [(NOON, None, None)]


def test_a_code_may_be_written_as_people_type_it(portal):
    portal.token("XK7QP-0L2RM", system="R710")
    assert portal.push(there("a3k9 m7p2"), there("xk7qpol2rm", OTHER))["taken"] == 2
    assert device(OTHER)


def test_a_code_that_may_mean_two_tokens_is_unknown_unless_it_is_one_of_them(portal):
    portal.token("AAAA0")
    portal.token("AAAAO")
    assert portal.push(there("aaaao"))["refused"][0]["problem"] == "unknown-token"
    assert portal.push(there("AAAAO"))["taken"] == 1


def test_the_last_word_on_a_device_with_a_token_counts(portal):
    portal.push(there(), gone(), there(ip="192.168.4.7"))
    assert (device().is_online, device().current_ip) == (True, "192.168.4.7")
    portal.push(there(), gone())
    assert not device().is_online


def test_one_device_may_be_online_with_two_tokens(portal):
    portal.token("B4M2N8Q5")
    portal.push(there(), there("B4M2N8Q5"))
    assert len(rows(WifiTokenDevice)["wifi_token_devices"]) == 2


def test_another_moment_of_connection_is_another_session(portal):
    portal.push(there(connectedAt="2026-11-22T09:59:00Z"))
    portal.push(there(connectedAt="2026-11-22T10:05:00Z"), at=after(6))
    assert sessions() == [(after(-1), NOON, "LEFT"), (after(5), None, None)]


def test_a_connection_that_began_ahead_of_our_clock_began_now(portal):
    portal.push(there(connectedAt="2026-11-22T10:07:00+00:00"))
    assert sessions() == [(NOON, None, None)]


@pytest.mark.parametrize("connected", ["2026-11-22T07:00:00Z", "2021-01-01T00:00:00Z"])
def test_the_time_of_a_token_does_not_run_before_its_sale(portal, connected):
    """A phone that was on the access point since the morning buys a token at noon."""
    token = portal.token("B4M2N8Q5")
    make_sale(token, sold_at=after(-60 * 20), voided_at=after(-60 * 19), void_reason="typo")
    make_sale(token, sold_at=after(-1))
    portal.push(there("B4M2N8Q5", connectedAt=connected))
    assert (token.status, token.first_used_at, token.expires_at) == ("ACTIVE", after(-1), after(59))


def test_nothing_began_before_the_token_was_made(portal):
    token = portal.token("B4M2N8Q5", created_at=after(-5), status="UNUSED")
    portal.push(
        there("B4M2N8Q5", connectedAt="2026-11-22T07:00:00Z"),
        gone("B4M2N8Q5", OTHER, leftAt="2026-11-22T07:00:00Z"),
    )
    assert (token.first_used_at, token.expires_at) == (after(-5), after(55))
    assert sessions() == [(after(-5), None, None)]
    assert device().first_seen == device(OTHER).first_seen == after(-5)


def test_who_was_not_named_did_not_use_the_token_at_the_last_push(portal):
    token = portal.token("B4M2N8Q5")
    portal.push()
    portal.push(there("B4M2N8Q5", connectedAt="2026-11-22T07:00:00Z"), at=after(30))
    assert (token.first_used_at, token.expires_at) == (NOON, after(60))
    other = portal.token("C5P7R9T3")
    portal.push(there("C5P7R9T3", OTHER, connectedAt="2026-11-22T07:00:00Z"), at=after(30))
    assert other.first_used_at == after(27), "the second of two pushes tells of the same span"


def test_a_token_that_nobody_sold_is_in_use_all_the_same(portal):
    token = portal.token("B4M2N8Q5", status="UNUSED")
    portal.push(there("B4M2N8Q5"))
    assert (token.status, token.first_used_at, token.expires_at) == ("ACTIVE", NOON, after(60))


@pytest.mark.parametrize("status", ["EXPIRED", "DISABLED"])
def test_a_token_that_is_over_stays_so_and_shows_who_uses_it(portal, status):
    token = portal.token("B4M2N8Q5", status=status)
    portal.push(there("B4M2N8Q5"))
    assert (token.status, device().is_online) == (status, True)


# -- offline ---------------------------------------------------------------------------------------


def test_who_is_said_to_be_offline_has_left_when_it_was_seen_last(portal):
    portal.push(there())
    portal.push(there(), at=after(1))
    portal.push(gone(), at=after(2))
    assert not device().is_online
    assert sessions() == [(NOON, after(1), "LEFT")]
    portal.push(gone(), at=after(3))
    assert sessions() == [(NOON, after(1), "LEFT")]


def test_a_portal_that_knows_when_somebody_left_is_believed(portal):
    portal.push(there())
    portal.push(gone(leftAt="2026-11-22T10:40:00Z"), at=after(41))
    assert sessions() == [(NOON, after(40), "LEFT")]


@pytest.mark.parametrize("left", ["2026-11-22T09:00:00Z", "2026-11-22T10:50:00Z"])
def test_nobody_left_before_they_were_seen_or_later_than_now(portal, left):
    portal.push(there())
    portal.push(gone(leftAt=left), at=after(41))
    assert sessions()[0][1] == (NOON if "09:00" in left else after(41))


def test_who_comes_back_begins_another_session(portal):
    portal.push(there())
    portal.push(gone(), at=after(1))
    portal.push(there(), at=after(2))
    assert sessions() == [(NOON, NOON, "LEFT"), (after(2), None, None)]


def test_who_came_and_went_between_two_pushes_was_there(portal):
    portal.push(gone(leftAt="2026-11-22T09:59:00Z"))
    assert (device().is_online, device().last_seen) == (False, after(-1))
    assert rows(DeviceSession)["device_sessions"] == []


def test_a_session_does_not_outlive_its_token_by_long(portal):
    """Somebody seen to the end stays to the end; somebody nobody named left when last seen."""
    portal.push(there(connectedAt="2026-11-22T10:00:00Z"), there(mac=OTHER))
    portal.push(there(), at=after(59))
    portal.push(at=after(62))
    assert sessions()[0][1] is None
    portal.push(at=after(63, 1))
    assert sessions() == [(NOON, after(60), "EXPIRED")]
    assert sessions(OTHER) == [(NOON, NOON, "TIMED_OUT")]


def test_a_push_of_everybody_ends_what_it_does_not_name_as_a_look_would(portal):
    portal.push(there(), there(mac=OTHER), everybody="true")
    portal.push(there(mac=OTHER), at=after(1), everybody="true")
    assert sessions() == [(NOON, None, None)], "one push does not end a session"
    portal.push(there(mac=OTHER), at=after(3), everybody="true")
    assert sessions() == [(NOON, NOON, "LEFT")]
    assert not device().is_online and device(OTHER).is_online
    portal.push(at=after(30), everybody="true")
    assert sessions(OTHER) == [(NOON, after(3), "TIMED_OUT")], "nobody looked meanwhile"


def test_a_push_of_everybody_that_could_not_be_read_whole_ends_nothing(portal):
    """The phone that is not understood may be any of those that are not named."""
    portal.push(there(), there(mac=OTHER), everybody="true")
    for minute in range(1, 8):
        portal.push(there(signal=40), there(mac=OTHER), at=after(minute), everybody="true")
    assert sessions() == [(NOON, None, None)]
    for minute in range(8, 12):
        portal.push(there("NOSUCH"), there(mac=OTHER), at=after(minute), everybody="true")
    assert sessions() == [(NOON, NOON, "LEFT")], "another's token is none of ours"


# -- counters --------------------------------------------------------------------------------------


def test_counters_count_as_growth_and_one_that_fell_began_anew(portal):
    portal.push(there(bytesDown=5000))
    assert volumes() == 0, "nobody knows when that was"
    for minute, count in enumerate((6000, 6000, 100), start=1):
        portal.push(there(bytesDown=count), at=after(minute))
    assert volumes() == the_session().bytes_down == 1100


def test_a_late_repeat_counts_nothing(portal):
    """The first answer was lost: the portal sends it again, after a newer one."""
    since = {"connectedAt": "2026-11-22T08:00:00Z"}
    for minute, count in enumerate((400, 500, 510, 500, 520)):
        portal.push(there(bytesDown=count, bytesUp=count, **since), at=after(minute))
    assert (volumes(), the_session().bytes_up, the_session().counter_down) == (120, 120, 520)
    portal.push(there(bytesDown=7, connectedAt="2026-11-22T10:05:00Z"), at=after(5, 30))
    assert volumes() == 127, "another connection counts from nothing"


def test_a_late_repeat_of_who_was_taken_for_gone_counts_nothing(portal):
    since = {"connectedAt": "2026-11-22T08:00:00Z"}
    portal.push(there(bytesDown=500, **since))
    portal.push(there(bytesDown=510, **since), at=after(1))
    portal.push(gone(), at=after(2))
    for minute, count in ((3, 500), (4, 520)):
        portal.push(there(bytesDown=count, **since), at=after(minute))
    assert volumes() == 20


def test_a_counter_that_is_not_told_changes_nothing(portal):
    portal.push(there(bytesDown=5000))
    portal.push(there(), at=after(1))
    portal.push(there(bytesDown=None), at=after(2))
    portal.push(there(bytesDown=7000), at=after(3))
    assert volumes() == 2000


def test_who_came_lately_counts_in_the_second_of_two_pushes_too(portal):
    portal.push()
    portal.push(there(bytesDown=10, connectedAt="2026-11-22T10:00:30Z"), at=after(1))
    new = there(mac=OTHER, bytesDown=20, connectedAt="2026-11-22T10:00:30Z")
    portal.push(new, at=after(1))
    assert volumes() == 30


# -- whose -----------------------------------------------------------------------------------------


def test_the_tokens_of_other_hotspots_are_not_told_from_those_that_nobody_has(app, portal):
    neighbour = Portal(app)
    neighbour.token("ZZZZZZZZ")
    own = Portal(app, business=portal.business)
    own.token("YYYYYYYY")
    answer = portal.push(there("NOSUCH"), there("ZZZZZZZZ"), there(), there("YYYYYYYY"))
    message = "This hotspot has no such token."
    assert answer["taken"] == 1
    assert answer["refused"] == [
        {"index": index, "field": "token", "problem": "unknown-token", "message": message}
        for index in (0, 1, 3)
    ]
    assert len(rows(WifiTokenDevice)["wifi_token_devices"]) == 1


def test_two_hotspots_with_the_same_code_know_each_its_own(app, portal):
    neighbour = Portal(app)
    token = neighbour.token("A3K9M7P2")
    neighbour.push(there())
    assert device().wifi_token_id == token.id
