"""Boxes that are registered in an app of the test's own, and served over real connections."""

import pytest

from tests.factories import (
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_plan,
    make_token,
)
from tests.hotspots.stubs import Esp32Stub, R710Stub
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.hotspots import esp32, r710_wire
from wifiapp.hotspots.esp32_wire import Pace
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.secrets import seal


@pytest.fixture
def quick(monkeypatch):
    """No pauses between requests, and little patience."""

    async def no_sleep(_seconds):
        return

    monkeypatch.setattr(esp32, "PACE", Pace(read=0.5, change=0.5, sleep=no_sleep))
    monkeypatch.setattr(r710_wire, "SECONDS", 1)


@pytest.fixture
def portal(quick):
    with Esp32Stub() as box:
        yield box


@pytest.fixture
def ruckus(quick):
    with R710Stub() as box:
        yield box


def register(stub, **given):
    """Register a stub as a hotspot of a business of its own; return its id and its business's."""
    access = stub.access()
    business = make_business()
    values = {
        "system": access.system,
        "address": access.address,
        "username": access.username,
        "secret_encrypted": seal(access.secret),
        "serial": access.serial,
        "fingerprint": access.fingerprint,
        "status": "NEW",
        "last_contact_at": None,
    }
    hotspot = make_hotspot(**values | given)
    make_hotspot_business(hotspot, business)
    db.session.commit()
    return hotspot.id, business.id


def sell(hotspot_id, business_id, code):
    """Put a token of ours beside the one that the box has."""
    hotspot = db.session.get(Hotspot, hotspot_id)
    plan = make_plan(db.session.get(Business, business_id), system=hotspot.system)
    make_token(plan=plan, hotspot=hotspot, token=code, status="SOLD")
    db.session.commit()
