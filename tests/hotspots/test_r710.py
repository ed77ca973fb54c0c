"""What is particular about a Ruckus Unleashed."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.hotspots.stubs import R710Stub
from tests.hotspots.stubs.server import Reply
from tests.hotspots.talk import ask, look, seen
from wifiapp.hotspots.driver import Denied, Incapable, Order, Rejected, Unreachable, WrongBox
from wifiapp.hotspots.plain import LONGEST

pytestmark = pytest.mark.usefixtures("no_database")

SHOP = "6f3c2a10-0000-4000-8000-000000000001"
MAC = "AA:BB:CC:DD:EE:01"


def make(box, *codes, **given):
    terms = {"business_id": SHOP, "count": len(codes), "minutes": 60, "codes": codes} | given
    return ask(box, lambda driver: driver.make(Order(**terms)))


# -- which box ------------------------------------------------------------------------------------


def test_the_certificate_is_taken_on_first_use_and_told(ruckus):
    identity = ask(ruckus, lambda driver: driver.identify(), fingerprint=None)
    assert identity.fingerprint == ruckus.fingerprint


def test_a_box_with_another_certificate_is_not_told_the_password(ruckus):
    with pytest.raises(WrongBox) as caught:
        look_as(ruckus, fingerprint="0" * 64)
    assert caught.value.found == ruckus.fingerprint
    assert not ruckus.requests


def test_a_redirect_to_another_box_is_not_followed_with_the_password(ruckus):
    with R710Stub() as other:
        answered = ruckus.answer
        away = f"https://{other.address}/admin/login.jsp"

        def lead_away(request):
            reply = answered(request)
            return reply if request.path != "/" else Reply(b"", 302, {"Location": away})

        ruckus.answer = lead_away
        for fingerprint in (ruckus.fingerprint, None):
            with pytest.raises(WrongBox):
                look_as(ruckus, fingerprint=fingerprint)
        assert not other.requests


def test_the_password_is_never_sent_in_clear(ruckus, portal):
    away = {"Location": f"http://{portal.address}/admin/login.jsp"}
    ruckus.answer = lambda _: Reply(b"", 302, away)
    with pytest.raises(Unreachable):
        look(ruckus)
    assert not portal.requests


def look_as(box, **given):
    return ask(box, lambda driver: driver.look(()), **given)


def test_boxes_that_swapped_their_addresses_are_told_apart(ruckus):
    with pytest.raises(WrongBox) as caught:
        look_as(ruckus, serial="222222222222", fingerprint=None)
    assert caught.value.found == "111111111111"
    assert not ruckus.asked("/admin/_conf")


def test_no_other_port_is_tried_where_none_listens(ruckus, monkeypatch):
    async def other_system(*_):
        raise AssertionError("it tried another system")

    monkeypatch.setattr("aioruckus.ajaxsession.AjaxSession._sz_login", other_system)
    ruckus.stop()
    with pytest.raises(Unreachable):
        look(ruckus)


# -- sessions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("needs_dashboard", [False, True])
def test_a_session_that_went_is_begun_again(ruckus, needs_dashboard):
    ruckus.quirks.needs_dashboard = needs_dashboard
    code = ruckus.add_pass()

    async def interrupted(driver):
        ruckus.expire_sessions()
        return await driver.look(())

    assert [token.code for token in ask(ruckus, interrupted).tokens] == [code]
    assert len([r for r in ruckus.requests if "password" in r.query]) == 2


def test_a_password_that_was_changed_meanwhile_is_said(ruckus):
    async def changed(driver):
        ruckus.password = "another"
        ruckus.expire_sessions()
        return await driver.look(())

    with pytest.raises(Denied):
        ask(ruckus, changed)


def test_a_user_that_may_not_ask_is_said(ruckus):
    answered = ruckus.answer

    def refuse(request):
        if request.path == "/admin/_conf.jsp":
            return Reply(b"", 302, {"Location": "/admin/login.jsp"})
        return answered(request)

    ruckus.answer = refuse
    with pytest.raises(Denied):
        look(ruckus)


def test_it_signs_out(ruckus):
    look(ruckus)
    assert ruckus.requests[-1].query == "logout=1"


# -- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"<ajax-response/>",
        b'<ajax-response><response type="object" id="x"/></ajax-response>',
        b'<ajax-response><response><xmsg type="-1" lmsg="no"/></response></ajax-response>',
        b"<html><body>Sign in</body></html>",
        b"\n",
        b"{}",
    ],
)
@pytest.mark.parametrize("page", ["/admin/_conf.jsp", "/admin/_cmdstat.jsp"])
def test_an_answer_without_its_part_is_not_an_empty_list(ruckus, text, page):
    ruckus.add_pass()
    answered = ruckus.answer

    def strange(request):
        reply = answered(request)
        is_login = b"cluster" in request.body
        return Reply(text) if request.path == page and not is_login else reply

    ruckus.answer = strange
    with pytest.raises(Unreachable):
        look(ruckus)


@pytest.mark.parametrize("old_names", [True, False])
def test_an_ampersand_in_a_name_is_borne(ruckus, old_names):
    ruckus.quirks.old_names = old_names
    ruckus.networks["1"] = ("Fish & Chips", "guest")
    made = make(ruckus, "ABCD2345", ssid="Fish & Chips")
    assert made.error is None
    ruckus.connect_device("ABCD2345", MAC)
    sighting = look(ruckus)
    assert sighting.identity.networks[0].ssid == "Fish & Chips"
    assert [device.mac for device in sighting.tokens[0].devices] == [MAC]


def test_passphrases_of_the_staff_are_not_kept(ruckus):
    assert "staff secret" not in repr(look(ruckus))


def test_staff_and_clients_that_share_a_name_belong_to_nobody(ruckus):
    twins = [ruckus.add_pass(name="Guest-1") for _ in range(2)]
    ruckus.connect_device(twins[0], MAC)
    ruckus.connect_device("", "AA:BB:CC:DD:EE:02")
    sighting = look(ruckus)
    assert all(not token.devices for token in sighting.tokens)
    assert {device.mac for device in sighting.strangers} == {MAC, "AA:BB:CC:DD:EE:02"}


@pytest.mark.parametrize("name", ["Wedding of Thandi " * 300, "  Bell Sons\u200e "])
def test_a_name_of_a_pass_fits_a_row_and_still_names_its_clients(ruckus, name):
    code = ruckus.add_pass(name=name)
    ruckus.connect_device(code, "aa:bb:cc:dd:ee:ff")
    token = seen(ruckus, code)
    assert 0 < len(token.name) <= LONGEST and token.name.isprintable()
    assert [each.mac for each in token.devices] == ["AA:BB:CC:DD:EE:FF"]


def test_a_pass_with_a_name_of_nothing_that_is_seen_has_no_clients_but_its_own(ruckus):
    code = ruckus.add_pass(name="\u200e\u200e")
    ruckus.connect_device("", "aa:bb:cc:dd:ee:ff")
    ruckus.clients["aa:bb:cc:dd:ee:ff"]["ssid"] = "Corner Guests"
    token = seen(ruckus, code)
    assert (token.name, token.devices) == (None, ())


def test_counters_that_are_not_told_are_unknown(ruckus):
    ruckus.quirks.tells_bytes = False
    code = ruckus.add_pass()
    ruckus.connect_device(code, MAC)
    (device,) = seen(ruckus, code).devices
    assert (device.bytes_down, device.bytes_up) == (None, None)
    assert (device.signal, device.access_point) == (-54, "Counter")


def test_a_pass_has_a_day_until_which_it_can_be_begun(ruckus):
    token = seen(ruckus, ruckus.add_pass())
    week = datetime.now(UTC) + timedelta(days=7)
    assert abs(token.redeem_by - week) < timedelta(seconds=10)
    assert token.expires_at is None


def test_where_time_counts_from_the_making_a_pass_is_unused_until_used(ruckus):
    ruckus.quirks.counts_from_issue = True
    code = ruckus.add_pass()
    token = seen(ruckus, code)
    assert (token.state, token.first_used_at) == ("UNUSED", None)
    ruckus.connect_device(code, MAC)
    assert seen(ruckus, code).state == "ACTIVE"


# -- making ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "duration"),
    [(60, ("1", "hour")), (180, ("3", "hour")), (2880, ("2", "day")), (20160, ("2", "week"))],
)
def test_a_duration_is_written_in_the_largest_unit(ruckus, minutes, duration):
    made = make(ruckus, "ABCD2345", minutes=minutes, devices=3)
    assert made.error is None
    form = ruckus.asked("/admin/mon_createguest")[0].body.decode()
    assert f"duration={duration[0]}&duration-unit={duration[1]}&" in form
    assert (ruckus.passes["ABCD2345"].seconds, ruckus.passes["ABCD2345"].share_number) == (
        minutes * 60,
        3,
    )


@pytest.mark.parametrize("given", [{"minutes": 90}, {"download_mb": 100}, {"upload_mb": 1}])
def test_what_a_ruckus_cannot_count_is_refused(ruckus, given):
    with pytest.raises(Incapable):
        make(ruckus, "ABCD2345", **given)


@pytest.mark.parametrize("ssid", ["corner guests", "Staff", "Nowhere"])
def test_a_network_is_meant_exactly(ruckus, ssid):
    with pytest.raises(Rejected, match="Corner Guests"):
        make(ruckus, "ABCD2345", ssid=ssid)


def test_which_of_two_guest_networks_has_to_be_said(ruckus):
    ruckus.networks["3"] = ("Garden", "guest")
    with pytest.raises(Rejected, match="Garden"):
        make(ruckus, "ABCD2345")


def test_making_the_same_again_makes_nothing_twice(ruckus):
    first = make(ruckus, "ABCD2345", "EFGH2345")
    assert make(ruckus, "ABCD2345", "EFGH2345") == first
    assert len(ruckus.passes) == 2


def test_a_code_of_another_pass_is_not_taken_for_ours(ruckus):
    ruckus.add_pass(key="EFGH2345")
    made = make(ruckus, "ABCD2345", "EFGH2345", "JKLM2345")
    assert [token.code for token in made.tokens] == ["ABCD2345"]
    assert isinstance(made.error, Rejected) and "EFGH2345" in str(made.error)


def test_success_without_effect_is_not_believed(ruckus):
    code = ruckus.add_pass()
    ruckus.quirks.applies_changes = False
    made = make(ruckus, "ABCD2345")
    assert made.tokens == () and isinstance(made.error, Rejected)
    assert ask(ruckus, lambda driver: driver.revoke([code])) == frozenset()
    with pytest.raises(Rejected):
        ask(ruckus, lambda driver: driver.block(MAC, ""))
    ruckus.blocked = [MAC.lower()]
    with pytest.raises(Rejected):
        ask(ruckus, lambda driver: driver.unblock(MAC))
