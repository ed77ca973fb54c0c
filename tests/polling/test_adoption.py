"""Tokens that somebody made on the device itself."""

import pytest
from sqlalchemy import select

from tests.factories import make_batch, make_business, make_hotspot_business, make_plan
from tests.polling.looks import MAC, NOON, Box, after, there
from wifiapp.access import Viewer
from wifiapp.audit.models import AuditLog
from wifiapp.db import db
from wifiapp.devices.models import WifiTokenDevice
from wifiapp.hotspots.driver import SeenToken
from wifiapp.leaks.kinds import UNSOLD
from wifiapp.leaks.queries import Wanted, list_leaks
from wifiapp.polling.adoption import owner
from wifiapp.sales.periods import Period
from wifiapp.tokens.models import WifiToken


@pytest.fixture
def box():
    return Box()


def foreign(box, state="ACTIVE", minutes=60, **given):
    values = {"first_used_at": NOON, "business_id": box.business.id, "devices": (there(),)}
    return SeenToken("ST4NGE42", state, minutes=minutes, **values | given)


def adopted():
    return db.session.scalars(select(WifiToken).filter_by(token="ST4NGE42")).one_or_none()


def test_one_in_use_becomes_a_token_of_the_plan_and_its_device_is_seen(box):
    make_plan(box.business, duration_minutes=60, is_active=False, price=9)
    found = box.look(after(1), foreign(box, created_at=after(-9)))
    token = adopted()
    assert (token.status, token.token_config_id) == ("ACTIVE", box.plan.id)
    assert (token.price, token.plan_name) == (box.plan.price, box.plan.name)
    assert (token.first_used_at, token.created_at) == (NOON, after(-9))
    assert (found.foreign, found.online) == (0, 1)
    assert db.session.scalars(select(WifiTokenDevice.mac_address)).all() == [MAC]
    (line,) = db.session.scalars(select(AuditLog).filter_by(action="token.adopt"))
    assert line.change["token"] == "ST4NGE42"
    box.look(after(2), foreign(box))
    assert db.session.scalar(select(AuditLog.id).filter_by(action="token.adopt")) == line.id


@pytest.mark.parametrize(
    "given", [{"state": "UNUSED"}, {"state": "EXPIRED"}, {"minutes": 45}, {"business_id": "gone"}]
)
def test_others_are_counted_and_stay_out_of_stock(box, given):
    assert box.look(after(1), foreign(box, **given)).foreign == 1
    assert adopted() is None


def test_while_it_is_not_known_what_a_call_has_made_nothing_is_adopted(box):
    batch = make_batch(box.plan, box.hotspot, called_at=NOON, called_for=1)
    box.look(after(1), foreign(box))
    assert adopted() is None
    batch.called_at, batch.called_for = None, 0
    box.look(after(2), foreign(box))
    assert adopted() is not None


def test_the_leak_finder_names_it(box):
    box.look(after(1), foreign(box))
    zone = box.business.timezone
    wanted = Wanted({zone: Period("7-days").span(zone, after(5))}, after(5))
    page = list_leaks(UNSOLD, Viewer("somebody", "ADMIN", None), wanted)
    assert [row.token_id for row in page.rows] == [adopted().id]


def test_whose_it_is_says_the_token_its_network_or_that_there_is_only_one(box):
    other = make_business()
    ours = box.business.id
    make_hotspot_business(box.hotspot, other, ssid="Theirs")
    one, two = {ours: None}, {ours: "Ours", other.id: "Theirs"}
    assert owner(SeenToken("A", "ACTIVE", business_id=ours), two) == ours
    assert owner(SeenToken("A", "ACTIVE", ssid="Theirs"), two) == other.id
    assert owner(SeenToken("A", "ACTIVE"), one) == ours
    assert owner(SeenToken("A", "ACTIVE"), two) is None
    assert owner(SeenToken("A", "ACTIVE", business_id="gone"), one) is None
