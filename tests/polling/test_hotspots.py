"""What polls make of the hotspot's own row, its outages and the line in the audit log."""

import pytest
import time_machine
from sqlalchemy import select

from tests.factories import make_hotspot
from tests.polling.looks import NOON, Box, after
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.hotspots.driver import Busy, Denied, Unreachable, WrongBox
from wifiapp.hotspots.models import HotspotOutage
from wifiapp.hotspots.secrets import seal
from wifiapp.polling import operations, queries


@pytest.fixture
def box():
    return Box()


def outages():
    query = select(HotspotOutage).order_by(HotspotOutage.started_at)
    return [(each.started_at, each.ended_at, each.reason) for each in db.session.scalars(query)]


def test_a_good_look_says_who_it_is_and_when_it_was(box):
    box.look(after(1))
    hotspot = box.hotspot
    assert (hotspot.status, hotspot.last_contact_at, hotspot.polled_at) == (
        "OK",
        after(1),
        after(1),
    )
    assert (hotspot.serial, hotspot.booted_at) == ("Corner WiFi", box.booted_at)
    assert outages() == []


def test_one_miss_is_no_outage_and_two_are_one_from_the_last_good_look_on(box):
    box.look(after())
    box.miss(after(1))
    assert (box.hotspot.status, box.hotspot.failures, outages()) == ("OK", 1, [])
    assert (box.hotspot.polled_at, box.hotspot.last_contact_at) == (after(1), NOON)
    assert box.hotspot.last_error == "It does not answer."
    box.miss(after(2), Unreachable("It gave half an answer."))
    box.miss(after(3))
    assert (box.hotspot.status, box.hotspot.last_contact_at) == ("SILENT", NOON)
    assert outages() == [(NOON, None, "It does not answer.")]
    box.look(after(9))
    assert outages() == [(NOON, after(9), "It does not answer.")]
    assert (box.hotspot.status, box.hotspot.failures, box.hotspot.last_error) == ("OK", 0, None)
    for minute in (20, 21):
        box.miss(after(minute))
    assert outages()[1] == (after(9), None, "It does not answer.")


def test_a_time_in_which_nobody_asked_is_an_outage_too(box):
    box.look(after())
    box.look(after(3))  # three minutes are what a hotspot may be silent
    assert outages() == []
    box.look(after(63))
    assert outages() == [(after(3), after(63), "Nobody asked it: the worker was not running.")]
    box.miss(after(120))
    box.look(after(121))  # one miss and no outage, and yet an hour that nobody saw
    assert outages()[1][:2] == (after(63), after(121))


def test_a_refusal_is_one_at_once(box):
    box.look(after())
    box.miss(after(1), Denied("It does not accept the secret."))
    assert box.hotspot.status == "REFUSED"
    assert outages() == [(NOON, None, "It does not accept the secret.")]


def test_another_box_at_the_address_is_refused_and_in_the_audit_log_once(box):
    box.look(after())
    for minute in (1, 2, 3):
        box.miss(after(minute), WrongBox("Another box answers there.", found="Neighbour"))
    (line,) = db.session.scalars(select(AuditLog).filter_by(action="hotspot.wrong-box"))
    assert line.change == {
        "name": box.hotspot.name,
        "found": "Neighbour",
        "registered": "Corner WiFi",
    }
    assert box.hotspot.serial == "Corner WiFi"


def test_a_busy_box_is_left_alone_as_long_as_it_asks(box):
    box.look(after())
    for minute in (1, 2, 3):
        box.miss(after(minute), Busy("It asks for a pause.", retry_after=90))
        assert (box.hotspot.next_poll_at - after(minute)).total_seconds() == 90
    assert (box.hotspot.status, outages()) == ("OK", [])


def test_a_look_dated_ahead_counts_for_now(box):
    with time_machine.travel(NOON, tick=False):
        operations.take_sighting(box.claim, box.sighting(after(30)))
    assert box.hotspot.last_contact_at == NOON


# -- whose turn it is -------------------------------------------------------------------------


def claimed(at):
    with time_machine.travel(at, tick=False):
        return [each.hotspot_id for each in operations.claim_due()]


def test_a_hotspot_is_claimed_once_in_its_interval_and_those_that_are_never_called_never(box):
    box.hotspot.secret_encrypted = seal("secret")
    make_hotspot(is_manual=True, address="")
    Box(is_active=False)
    demo = Box()
    demo.business.is_demo = True
    db.session.flush()
    assert claimed(after()) == [box.hotspot.id]
    assert claimed(after(seconds=20)) == []
    assert claimed(after(seconds=34)) == [box.hotspot.id]
    assert queries.list_called() == [box.hotspot.id]
    assert operations.claim(box.hotspot.id).access.secret == "secret"
    assert operations.claim(demo.hotspot.id) is None


def test_a_clock_that_was_set_back_stops_no_poll(box):
    assert claimed(after(600)) == [box.hotspot.id]
    assert claimed(after()) == [box.hotspot.id]


def test_a_hotspot_without_a_readable_secret_says_so(box):
    (claim,) = operations.claim_due()
    box.miss(after(), claim.access)
    assert box.hotspot.status == "REFUSED"
    assert "Enter it on its page" in box.hotspot.last_error


def test_who_is_put_off_is_due_then(box):
    assert claimed(after()) == [box.hotspot.id]
    with time_machine.travel(after(), tick=False):
        operations.put_off(box.hotspot.id, 3)
    assert claimed(after(seconds=2)) == []
    assert claimed(after(seconds=3)) == [box.hotspot.id]
