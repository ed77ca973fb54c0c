"""What ESP32 firmwares do differently: found out by the driver, never told to it."""

import threading

import pytest

from tests.hotspots.stubs import Esp32Stub
from tests.hotspots.talk import ask, look, seen
from tests.processes import wait_for
from wifiapp.hotspots.driver import Busy, Denied, Full, Order, Rejected, Unreachable

pytestmark = pytest.mark.usefixtures("no_database")

SHOP = "6f3c2a10-0000-4000-8000-000000000001"
OTHER_SHOP = "6f3c2a10-0000-4000-8000-000000000002"
MAC, OTHER_MAC = "AA:BB:CC:DD:EE:01", "AA:BB:CC:DD:EE:02"


def order(count, **given):
    return Order(**{"business_id": SHOP, "count": count, "minutes": 60} | given)


def make(box, count, **given):
    return ask(box, lambda driver: driver.make(order(count, **given)))


def revoke(box, codes):
    return ask(box, lambda driver: driver.revoke(codes))


# -- how it is spoken with ----------------------------------------------------------------------


def test_requests_are_small_raw_and_in_one_piece(portal):
    made = make(portal, 40)
    portal.connect_device(made.tokens[0].code, MAC)
    ask(portal, lambda driver: driver.block(MAC, "did not pay", made.tokens[0].code))
    look(portal, [])
    revoke(portal, [token.code for token in made.tokens])
    for request in portal.requests:
        assert request.came_at_once
        assert "%" not in request.query and b"%" not in request.body
        assert len(request.query) + len(request.body) < 700
    bodies = b" ".join(request.body for request in portal.requests)
    assert b"mac=AA:BB:CC:DD:EE:01" in bodies and b"," in bodies


def test_the_secret_is_a_field_or_in_the_query_and_nowhere_else(portal):
    make(portal, 2)
    look(portal)
    for request in portal.requests:
        assert portal.key not in str(request.headers) + request.path
        in_query, in_body = portal.key in request.query, portal.key.encode() in request.body
        is_open = request.path in {"/api/health", "/api/ap/info"}
        assert (in_query, in_body) == (not is_open and request.method == "GET", bool(request.body))


def test_no_list_is_longer_than_it_bears(portal):
    codes = [portal.add_token(SHOP) for _ in range(90)]
    for code in codes[:50]:
        portal.connect_device(code, MAC)
    ask(portal, lambda driver: driver.find(codes))
    assert look(portal, codes).is_complete
    assert revoke(portal, codes) == set(codes)
    assert not portal.has_crashed


def test_it_pauses_between_pages_and_between_single_calls(portal, pauses):
    for _ in range(45):
        portal.add_token(SHOP)
    look(portal)
    assert pauses == [0, 0.1, 0.1, 0.5, 0.5]  # who, health, three pages


@pytest.mark.parametrize("times", [1, 2])
def test_a_busy_box_is_asked_again_when_it_says(portal, pauses, times):
    portal.fail("busy", "/api/tokens/list", times=times)
    assert look(portal).is_complete
    assert pauses[-times:] == [5.0] * times


def test_a_box_that_stays_busy_is_left_alone(portal):
    portal.fail("busy", times=99)
    with pytest.raises(Busy) as caught:
        look(portal)
    assert caught.value.retry_after == 5
    assert len(portal.requests) == 3


def test_a_box_whose_clock_is_not_set_is_given_time(portal, pauses):
    portal.fail("busy without a word", times=2)
    assert look(portal).is_complete
    assert pauses[1:3] == [5.0, 5.0]


def test_a_second_conversation_is_refused_by_the_box_while_one_is_served(portal):
    portal.fail("slow", "/api/health", times=99)
    slow = threading.Thread(target=look_in_vain, args=[portal])
    slow.start()
    wait_for(lambda: portal.asked("/api/health"))
    with pytest.raises(Busy):
        ask(portal, lambda driver: driver.blocked())
    slow.join()


def look_in_vain(box):
    with pytest.raises(Unreachable):
        look(box)


def test_silence_is_not_asked_twice(portal):
    portal.fail("silent", "/api/tokens/list", times=99)
    look_in_vain(portal)
    assert len(portal.asked("/api/tokens/list")) == 1


def test_a_lost_answer_to_a_question_is_asked_for_once_more(portal):
    portal.fail("truncated", "/api/tokens/list")
    assert look(portal).is_complete


def test_health_without_success_is_health(portal):
    portal.quirks.health_has_success = False
    assert ask(portal, lambda driver: driver.identify()).max_tokens == 100


def test_a_wrong_key_is_found_out_although_some_calls_need_none(portal):
    with pytest.raises(Denied):
        ask(portal, lambda driver: driver.identify(), secret="wrong")


def test_a_secret_that_could_not_be_sent_raw_is_refused(portal):
    with pytest.raises(Rejected) as caught:
        ask(portal, lambda driver: driver.identify(), secret="a&b=c")
    assert "a&b=c" not in str(caught.value)


# -- making ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["TOKEN_LIMIT_REACHED", "NO_SLOTS_AVAILABLE"])
def test_a_full_store_is_said_with_what_was_made(code):
    with Esp32Stub(max_tokens=30, no_room_code=code) as box:
        made = make(box, 45)
        assert len(made.tokens) == len(box.tokens) == 30
        assert isinstance(made.error, Full)
        assert made.error.free_slots == made.free_slots == 0


def test_fewer_tokens_than_asked_for_are_counted(portal):
    portal.quirks.makes_at_most = 7
    made = make(portal, 20)
    assert made.error is None
    assert {token.code for token in made.tokens} == set(portal.tokens)
    assert len(made.tokens) == 20


@pytest.mark.parametrize("has_business", [True, False])
def test_a_lost_batch_is_told_from_what_was_there(portal, has_business):
    portal.quirks.list_has_business = has_business
    portal.quirks.list_has_created = portal.quirks.filters_business = False
    known = frozenset(portal.add_token(SHOP) for _ in range(25))
    foreign = {portal.add_token(OTHER_SHOP) for _ in range(3)}
    other_terms = portal.add_token(SHOP, 120)
    portal.fail("lost", "/api/tokens/bulk_create")
    made = make(portal, 20, known=known)
    assert made.error is None
    expected = set(portal.tokens) - known - foreign - {other_terms}
    assert {token.code for token in made.tokens} == expected
    assert len(expected) == 20


def test_a_lost_request_is_not_sent_again_unseen(portal):
    portal.fail("hang up", "/api/tokens/bulk_create")
    made = make(portal, 20)
    assert made.tokens == () and isinstance(made.error, Unreachable)
    assert not portal.tokens
    assert len(portal.asked("/api/tokens/bulk_create")) == 1


def test_a_body_that_came_late_is_sent_once_more(portal):
    first = []

    def once(request):
        first.append(request)
        request.came_at_once = len(first) > 1
        return type(portal)._answer(portal, request)

    async def make_two(driver):
        portal._answer = once
        return await driver.make(order(2))

    assert len(ask(portal, make_two).tokens) == len(portal.tokens) == 2


# -- looking --------------------------------------------------------------------------------------


def test_a_list_that_changes_while_it_is_read_is_read_again(portal):
    for _ in range(45):
        portal.add_token(SHOP)
    answered = portal._listed

    def shrinking(tokens, offset, limit):
        reply = answered(tokens, offset, limit)
        if offset == 0 and len(portal.tokens) == 45:
            portal.lose(next(iter(portal.tokens)))
        return reply

    portal._listed = shrinking
    sighting = look(portal)
    assert sighting.is_complete
    assert {token.code for token in sighting.tokens} == set(portal.tokens)


def test_a_token_in_use_that_a_list_left_out_is_asked_for(portal):
    code = portal.add_token(SHOP)
    portal.connect_device(code, MAC)
    portal._listed = lambda *_: portal._yes(
        total_count=0, returned_count=0, offset=0, limit=20, has_more=False, tokens=[]
    )
    sighting = look(portal, [code])
    assert not sighting.is_complete
    assert [token.code for token in sighting.tokens] == [code]


def test_devices_are_told_where_only_the_single_call_tells_them(portal):
    portal.quirks.details_in_batch = False
    codes = [portal.add_token(SHOP) for _ in range(25)]
    for number, code in enumerate(codes):
        portal.connect_device(code, f"AA:BB:CC:DD:EE:{number:02X}", hostname=f"phone-{number}")
    sighting = look(portal, codes)
    devices = [device for token in sighting.tokens for device in token.devices]
    assert len(devices) == 25 and all(device.is_online for device in devices)
    assert len([device for device in devices if device.hostname]) == 20  # in turn


def test_a_portal_without_flags_tells_by_when_it_saw_somebody(portal):
    portal.quirks.flags_devices = False
    code = portal.add_token(SHOP)
    portal.connect_device(code, "C0:A8:04:02:00:00", "192.168.4.2")
    (device,) = seen(portal, code).devices
    assert device.is_online and device.is_mac_made_up
    assert device.ip == "192.168.4.2"

    portal.disconnect_device(code, "C0:A8:04:02:00:00")
    portal.pass_time(170)
    portal.skew = -170
    assert seen(portal, code).devices[0].is_online
    portal.pass_time(20)
    portal.skew = -190
    assert not seen(portal, code).devices[0].is_online


def test_of_two_devices_the_one_with_the_flag_is_online(portal):
    code = portal.add_token(SHOP)
    portal.connect_device(code, MAC, "192.168.4.100")
    portal.connect_device(code, OTHER_MAC, "192.168.4.101", hostname="Tablet")
    portal.disconnect_device(code, MAC)
    by_mac = {device.mac: device for device in seen(portal, code).devices}
    assert not by_mac[MAC].is_online and by_mac[OTHER_MAC].is_online
    assert (by_mac[MAC].hostname, by_mac[OTHER_MAC].hostname) == (None, "Tablet")
    assert by_mac[MAC].last_seen is None


def test_a_restart_shows_in_when_it_booted(portal):
    portal.pass_time(86_400)
    before = ask(portal, lambda driver: driver.identify()).booted_at
    portal.restart()
    after = ask(portal, lambda driver: driver.identify()).booted_at
    assert (after - before).total_seconds() > 86_000


def test_free_places_are_told(portal):
    portal.add_token(SHOP)
    identity = ask(portal, lambda driver: driver.identify())
    assert (identity.free_slots, identity.max_tokens) == (99, 100)


# -- removing, extending, blocking --------------------------------------------------------------


@pytest.mark.parametrize("knows", [("token",), ("tokens",), ("token", "tokens")])
@pytest.mark.parametrize("is_invalid", [False, True])
def test_tokens_are_disabled_whatever_the_firmware_reads_and_answers(portal, knows, is_invalid):
    portal.quirks.disable_knows, portal.quirks.invalid_disable_json = knows, is_invalid
    kept, *codes = [portal.add_token(SHOP) for _ in range(24)]
    assert revoke(portal, codes) == set(codes)
    assert set(portal.tokens) == {kept}


def test_success_without_effect_is_not_believed(portal):
    code = portal.add_token(SHOP)
    portal._post_api_token_disable = lambda _: portal._yes(disabled_count=1, disabled_tokens=[code])
    assert revoke(portal, [code]) == frozenset()


def test_an_unused_token_is_never_extended(portal):
    code = portal.add_token(SHOP)
    with pytest.raises(Rejected):
        ask(portal, lambda driver: driver.extend(code))
    assert portal.tokens[code].first_use == 0


def test_a_lost_answer_to_an_extension_is_looked_up(portal):
    code = portal.add_token(SHOP)
    portal.connect_device(code, MAC)
    portal.pass_time(1800)
    portal.fail("lost", "/api/token/extend")
    token = ask(portal, lambda driver: driver.extend(code))
    assert token.state == "ACTIVE"
    assert len(portal.asked("/api/token/extend")) == 1


def test_an_extension_that_did_not_arrive_is_not_claimed(portal):
    code = portal.add_token(SHOP)
    portal.connect_device(code, MAC)
    portal.pass_time(1800)
    portal.fail("hang up", "/api/token/extend")
    with pytest.raises(Unreachable):
        ask(portal, lambda driver: driver.extend(code))


def test_a_firmware_that_blocks_by_token_alone_is_checked(portal):
    portal.quirks.blacklist_by_token_only = True
    code = portal.add_token(SHOP)
    portal.connect_device(code, MAC)
    ask(portal, lambda driver: driver.block(MAC, "", code))
    with pytest.raises(Rejected):
        ask(portal, lambda driver: driver.block(OTHER_MAC, "", code))


def test_a_full_list_of_the_blocked_is_said(portal):
    code = portal.add_token(SHOP)
    for number in range(50):
        mac = f"AA:BB:CC:00:00:{number:02X}"
        portal.blacklist[mac] = {"mac": mac}
    with pytest.raises(Rejected, match="full"):
        ask(portal, lambda driver: driver.block(MAC, "", code))
