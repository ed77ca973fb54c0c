"""Two portals of one SSID that change their addresses: nothing is concluded from the other's."""

import pytest

from tests.factories import make_token
from tests.polling.looks import Box, active, after, there, unused
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.hotspots.calling import access_to_change
from wifiapp.hotspots.driver import SeenToken, Unreachable
from wifiapp.hotspots.models import HotspotOutage
from wifiapp.tokens.models import WifiToken


@pytest.fixture
def boxes():
    """Two portals that were looked at, each with its tokens, of which one is in use."""
    made = []
    for name in ("Counter", "Garden"):
        box = Box(name=name, serial="Corner WiFi")
        box.tokens = [box.token(status=status) for status in ("UNUSED", "SOLD", "SOLD")]
        box.look(after(), *shown(box))
        made.append(box)
    return made


def shown(box):
    """Return what the box shows of its tokens."""
    unsold, sold, used = box.tokens
    return unused(unsold), unused(sold), active(used, there())


def statuses(box):
    return [each.status for each in box.tokens]


def test_the_tokens_of_another_hotspot_are_not_taken_for_the_loss_of_ours(boxes):
    counter, garden = boxes
    outcome = counter.look(after(1), *shown(garden))
    assert "it has the tokens of another hotspot and none of this one" in outcome.error
    assert statuses(counter) == statuses(garden) == ["UNUSED", "SOLD", "ACTIVE"]
    assert db.session.query(WifiToken).filter_by(hotspot_id=counter.hotspot.id).count() == 3
    assert counter.hotspot.status == "REFUSED" and counter.hotspot.last_error == outcome.error
    (outage,) = db.session.query(HotspotOutage).filter_by(hotspot_id=counter.hotspot.id)
    assert "Garden" not in outcome.error + outage.reason  # which may be another business's
    counter.look(after(2), *shown(garden))
    (entry,) = db.session.query(AuditLog).filter_by(action="hotspot.wrong-box")
    assert entry.change["found"] == "Garden"


def test_until_the_right_one_answers_it_is_told_nothing(boxes):
    counter, garden = boxes
    refused = counter.look(after(1), *shown(garden)).error
    for minute in (2, 3, 4):
        with pytest.raises(Unreachable, match="told nothing until a look at it is good"):
            access_to_change(counter.hotspot)
        counter.miss(after(minute))
        assert (counter.hotspot.status, counter.hotspot.last_error) == ("REFUSED", refused)
    assert counter.look(after(5), *shown(counter)).error is None
    assert counter.hotspot.status == "OK" and statuses(counter) == ["UNUSED", "SOLD", "ACTIVE"]


def test_a_box_that_has_one_of_ours_is_ours(boxes):
    counter, garden = boxes
    own = unused(counter.tokens[0])
    assert counter.look(after(1), own, *shown(garden)).error is None


def test_a_new_hotspot_is_not_the_box_of_another_one(boxes):
    _counter, garden = boxes
    new = Box(name="Kitchen", serial="Corner WiFi")
    db.session.commit()
    assert "tokens of another hotspot" in new.look(after(1), *shown(garden)).error
    assert db.session.query(WifiToken).filter_by(hotspot_id=new.hotspot.id).count() == 0


def test_a_hotspot_that_took_the_place_of_one_out_of_use_is_itself(boxes):
    counter, garden = boxes
    garden.hotspot.is_active = False
    db.session.commit()
    assert counter.look(after(1), *shown(garden)).error is None


def test_a_code_or_two_that_are_alike_by_chance_say_nothing(boxes):
    counter, garden = boxes
    made_elsewhere = [SeenToken(f"CHANCE{n:02d}", "UNUSED", devices=()) for n in range(8)]
    outcome = counter.look(after(1), *shown(garden), *made_elsewhere)
    assert outcome.error is None and outcome.lost == 3


def test_codes_that_are_ours_say_nothing_of_a_box():
    one, other = Box("R710"), Box("R710")
    for box in (one, other):
        box.same = make_token(plan=box.plan, hotspot=box.hotspot, token="SAMECODE")
    other.look(after(), unused(other.same))
    make_token(plan=one.plan, hotspot=one.hotspot)
    db.session.delete(one.same)
    db.session.flush()
    assert one.look(after(1), unused(other.same)).error is None
