"""What every driver promises, kept by each of them over real HTTP and HTTPS."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from tests.hotspots.talk import ask, look, seen
from wifiapp.hotspots.driver import (
    Denied,
    HotspotError,
    Incapable,
    Order,
    Rejected,
    Unreachable,
    WrongBox,
)
from wifiapp.hotspots.drivers import CAPABILITIES

pytestmark = pytest.mark.usefixtures("no_database")

SHOP = "6f3c2a10-0000-4000-8000-000000000001"
OTHER_SHOP = "6f3c2a10-0000-4000-8000-000000000002"
MAC = "AA:BB:CC:DD:EE:01"
CODES = tuple(f"ABCD23{n:02d}".replace("0", "Z").replace("1", "Y") for n in range(2, 62))
FAULTS = [
    "busy",
    "busy without a word",
    "html",
    "error",
    "garbage",
    "hang up",
    "slow",
    "reset",
    "truncated",
    "lost",
    "half",
    "half headless",
    "silent",
]


def order(count=3, **given):
    return Order(**{"business_id": SHOP, "count": count, "minutes": 60, "codes": CODES} | given)


def make(box, *args, **given):
    return ask(box, lambda driver: driver.make(order(*args, **given)))


def codes_on(box):
    return set(getattr(box, "tokens", None) or getattr(box, "passes", {}))


def now():
    return datetime.now(UTC)


# -- who answers -----------------------------------------------------------------------------


def test_it_says_which_box_answers(box):
    identity = ask(box, lambda driver: driver.identify())
    assert identity.serial == (getattr(box, "serial", None) or box.ssid)
    assert identity.model
    assert [network.ssid for network in identity.networks if network.is_guest]
    assert abs(identity.clock_offset) <= 2
    assert identity.booted_at <= now()


def test_another_box_at_the_address_is_told_nothing(box):
    with pytest.raises(WrongBox) as caught:
        ask(box, lambda driver: driver.look(()), serial="the registered one")
    assert caught.value.found == (getattr(box, "serial", None) or box.ssid)
    assert not box.asked("/api/tokens") and not box.asked("/admin/_conf")


def test_a_wrong_secret_is_denied(box):
    with pytest.raises(Denied):
        ask(box, lambda driver: driver.identify(), secret="0" * 32)


def test_an_address_where_nobody_listens_is_unreachable(box):
    box.stop()
    with pytest.raises(Unreachable):
        look(box)


@pytest.mark.parametrize("address", ["", "no such host", "box/path", "a@b", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_unreachable(box, address):
    access = box.access()
    box.access = lambda: type(access)(access.system, address, access.secret)
    with pytest.raises(Unreachable):
        look(box)


# -- looking ---------------------------------------------------------------------------------


def test_an_empty_box_has_been_looked_at_completely(box):
    sighting = look(box)
    assert sighting.is_complete and sighting.tokens == ()
    assert sighting.at <= now()


def test_every_token_is_seen_with_its_business_and_terms(box):
    ours = [box.add_token(SHOP, 120) for _ in range(45)]
    theirs = box.add_token(OTHER_SHOP, 60)
    sighting = look(box)
    assert sighting.is_complete
    by_code = {token.code: token for token in sighting.tokens}
    assert set(by_code) == {*ours, theirs}
    assert {token.state for token in sighting.tokens} == {"UNUSED"}
    assert by_code[theirs].business_id == OTHER_SHOP
    assert (by_code[ours[0]].business_id, by_code[ours[0]].minutes) == (SHOP, 120)


def test_a_device_comes_online_moves_data_and_leaves(box):
    code = box.add_token(SHOP)
    assert not any(device.is_online for device in seen(box, code).devices or ())
    box.connect_device(code, MAC, "192.168.4.100", hostname="Annas-Phone", device_type="Android")
    box.use(code, MAC, down=3_000_000, up=500_000)

    token = seen(box, code, [code])
    assert token.state == "ACTIVE"
    assert token.expires_at - token.first_used_at == timedelta(hours=1)
    (device,) = token.devices
    assert (device.mac, device.is_online, device.ip) == (MAC, True, "192.168.4.100")
    assert (device.hostname, device.device_type) == ("Annas-Phone", "Android")
    assert token.bytes_down or device.bytes_down == 3_000_000
    assert token.bytes_up or device.bytes_up == 500_000
    assert now() - timedelta(seconds=10) < device.last_seen <= now()

    box.disconnect_device(code, MAC)
    box.pass_time(200)
    token = seen(box, code, [code])
    assert token.state == "ACTIVE"
    assert not any(device.is_online for device in token.devices)


def test_a_token_is_over_when_its_time_is(box):
    code = box.add_token(SHOP, 60)
    box.connect_device(code, MAC)
    box.pass_time(3599)
    box.skew = -3599  # its clock stands where ours does
    assert seen(box, code, [code]).state == "ACTIVE"
    box.pass_time(3)
    token = seen(box, code, [code])
    assert token is None or token.state == "EXPIRED"


def test_lost_tokens_are_missing_in_a_complete_look(box):
    kept, lost = box.add_token(SHOP), box.add_token(SHOP)
    box.connect_device(lost, MAC)
    box.lose(lost)
    sighting = look(box, [lost])
    assert sighting.is_complete and [token.code for token in sighting.tokens] == [kept]


@pytest.mark.parametrize("skew", [-90_000, -61, 61, 3 * 86_400])
def test_times_are_by_our_clock_and_never_in_the_future(box, skew):
    box.skew = skew
    code = box.add_token(SHOP)
    box.connect_device(code, MAC)
    sighting = look(box, [code])
    (token,) = sighting.tokens
    (device,) = token.devices
    assert abs(sighting.identity.clock_offset - skew) <= 2
    for moment in (token.created_at, token.first_used_at, device.last_seen):
        assert now() - timedelta(seconds=10) < moment <= now()
    assert abs(token.expires_at - now() - timedelta(hours=1)) < timedelta(seconds=10)
    assert device.is_online


@pytest.mark.parametrize("kind", FAULTS)
def test_a_look_that_goes_wrong_tells_nothing(box, kind):
    box.add_token(SHOP)
    box.fail(kind, times=99)
    with pytest.raises(HotspotError):
        look(box)
    box.recover()
    assert look(box).is_complete


@pytest.mark.parametrize("kind", ["html", "truncated", "half", "half headless", "hang up"])
def test_no_look_is_half(box, kind):
    code = box.add_token(SHOP)
    box.connect_device(code, MAC)
    look(box, [code])
    length = len([request for request in box.requests if "logout" not in request.query])
    for good in range(1, length):
        box.recover()
        box.fail(kind, times=99, after=good)
        with pytest.raises(HotspotError):
            look(box, [code])


# -- making ----------------------------------------------------------------------------------


def test_tokens_are_made_as_ordered(box):
    made = make(box, 23, minutes=120)
    assert made.error is None
    codes = {token.code for token in made.tokens}
    assert len(codes) == 23 and codes == codes_on(box)
    if not ask(box, chooses_codes):
        assert codes == set(CODES[:23])
    assert {(t.business_id, t.minutes, t.state) for t in look(box).tokens} == {
        (SHOP, 120, "UNUSED")
    }


async def chooses_codes(driver):
    return driver.capabilities.chooses_codes


def test_what_a_box_cannot_count_is_refused_before_anything_is_made(box):
    with pytest.raises((Rejected, Incapable)):
        make(box, minutes=7)
    assert not codes_on(box)


@pytest.mark.parametrize("kind", ["lost", "truncated", "half", "silent"])
def test_what_a_lost_answer_made_is_looked_up(box, kind):
    known = frozenset({box.add_token(SHOP), box.add_token(OTHER_SHOP)})
    page = "/admin/mon_createguest" if hasattr(box, "passes") else "/api/token"
    box.fail(kind, page)
    made = make(box, 1, known=known)
    assert made.error is None
    assert {token.code for token in made.tokens} == codes_on(box) - known
    assert len(made.tokens) == 1


def test_what_was_made_before_it_fell_silent_is_told(box):
    page = "/admin/mon_createguest" if hasattr(box, "passes") else "/api/tokens/bulk_create"
    box.fail("hang up", page, times=99, after=1)
    made = make(box, 45)
    assert isinstance(made.error, HotspotError)
    assert {token.code for token in made.tokens} == codes_on(box)
    assert 0 < len(made.tokens) < 45


def test_an_unknown_outcome_is_no_token(box):
    page = "/admin/mon_createguest" if hasattr(box, "passes") else "/api/tokens/bulk_create"
    box.fail("lost", page)
    box.fail("hang up", "/api/tokens/list", times=99)
    box.fail("hang up", "/admin/_conf", times=99, after=2)
    made = make(box, 2)
    assert isinstance(made.error, Unreachable)
    assert made.tokens == ()


# -- finding, removing, extending --------------------------------------------------------------


def test_tokens_are_found_and_unknown_ones_are_absent(box):
    codes = [box.add_token(SHOP) for _ in range(25)]
    found = ask(box, lambda driver: driver.find([*codes, "NEVERMADE"]))
    assert set(found) == set(codes)


def test_revoked_tokens_are_gone(box):
    kept, *codes = [box.add_token(SHOP) for _ in range(26)]
    gone = ask(box, lambda driver: driver.revoke([*codes, "NEVERMADE"]))
    assert gone == {*codes, "NEVERMADE"}
    assert codes_on(box) == {kept}


@pytest.mark.parametrize("kind", ["lost", "truncated", "silent"])
def test_a_lost_answer_to_a_revocation_is_looked_up(box, kind):
    code = box.add_token(SHOP)
    page = "/admin/_conf" if hasattr(box, "passes") else "/api/token/disable"
    box.fail(kind, page, after=2 if hasattr(box, "passes") else 0)
    assert ask(box, lambda driver: driver.revoke([code])) == {code}
    assert not codes_on(box)


def test_a_revocation_that_did_not_arrive_is_not_claimed(box):
    code = box.add_token(SHOP)
    page = "/admin/_conf" if hasattr(box, "passes") else "/api/token/disable"
    box.fail("hang up", page, after=2 if hasattr(box, "passes") else 0)
    assert ask(box, lambda driver: driver.revoke([code])) == frozenset()
    assert codes_on(box) == {code}


def test_a_used_token_begins_anew_where_the_box_can_do_that(box):
    code = box.add_token(SHOP)
    box.connect_device(code, MAC)
    box.use(code, MAC, down=1_000_000)
    box.pass_time(1800)
    box.skew = -1800
    if not ask(box, can_extend):
        with pytest.raises(Incapable):
            ask(box, lambda driver: driver.extend(code))
        return
    token = ask(box, lambda driver: driver.extend(code))
    assert abs(token.expires_at - now() - timedelta(minutes=60)) < timedelta(seconds=10)
    assert not token.bytes_down


async def can_extend(driver):
    return driver.capabilities.can_extend


# -- blocking --------------------------------------------------------------------------------


def test_a_device_is_kept_out_and_let_in_again(box):
    code = box.add_token(SHOP)
    box.connect_device(code, MAC)
    ask(box, lambda driver: driver.block(MAC, "did not pay & ran", code))
    assert ask(box, lambda driver: driver.blocked()) == {MAC}
    ask(box, lambda driver: driver.unblock(MAC))
    assert ask(box, lambda driver: driver.blocked()) == set()
    ask(box, lambda driver: driver.unblock(MAC))  # once more does no harm


def test_letting_one_in_keeps_the_others_out(box):
    code = box.add_token(SHOP)
    for mac in (MAC, "AA:BB:CC:DD:EE:02"):
        box.connect_device(code, mac)
        ask(box, lambda driver, mac=mac: driver.block(mac, "", code))
    ask(box, lambda driver: driver.unblock(MAC))
    assert ask(box, lambda driver: driver.blocked()) == {"AA:BB:CC:DD:EE:02"}


# -- secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 6])
@pytest.mark.parametrize("kind", [None, *FAULTS])
def test_the_secret_is_in_no_log_and_no_error(box, kind, after, caplog):
    caplog.set_level(logging.DEBUG)
    access = box.access()
    said = [repr(access)]
    code = box.add_token(SHOP)
    if kind:
        box.fail(kind, times=99, after=after)
    actions = [
        lambda driver: driver.look([code]),
        lambda driver: driver.make(order(2)),
        lambda driver: driver.revoke([code]),
    ]
    for action in actions[: 1 if kind in {"slow", "silent"} else None]:
        try:
            said.append(repr(ask(box, action)))
        except HotspotError as error:
            said += list(everything_in(error))
    said += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert len(said) > 1
    assert access.secret not in "\n".join(said)


def everything_in(error):
    """Yield what an error and those behind it say, shown or not."""
    while error is not None:
        yield f"{error!r} {error} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_each_system_says_what_it_can_do():
    assert set(CAPABILITIES) == {"ESP32", "R710"}
    assert all(can.max_batch <= 20 for can in CAPABILITIES.values())
