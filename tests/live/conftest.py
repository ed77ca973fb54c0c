"""A shop whose tokens are on a device: a portal that really answers, and a plan for it."""

import pytest

from tests.factories import make_business, make_hotspot, make_hotspot_business, make_plan
from tests.hotspots.stubs import Esp32Stub
from wifiapp.db import db
from wifiapp.hotspots import esp32
from wifiapp.hotspots.esp32_wire import Pace
from wifiapp.hotspots.secrets import seal


@pytest.fixture
def box(monkeypatch):
    """A portal on this machine, asked without pauses."""
    monkeypatch.setattr(esp32, "PACE", Pace(single=0, page=0, read=1, change=1))
    with Esp32Stub() as stub:
        yield stub


@pytest.fixture
def shop():
    return make_business(name="Corner Shop")


def serve(business, address, secret, ssid=None, **given):
    """Add the row of a device that serves the business."""
    hotspot = make_hotspot(address=address, secret_encrypted=seal(secret), **given)
    make_hotspot_business(hotspot, business, ssid=ssid)
    return hotspot


def portal(box, business, name="Counter"):
    """Add the row of a portal."""
    return serve(business, box.address, box.key, name=name, serial=box.ssid)


@pytest.fixture
def counter(box, shop):
    """The row of the portal."""
    hotspot = portal(box, shop)
    db.session.commit()
    return hotspot


@pytest.fixture
def plan(shop, counter):
    plan = make_plan(shop, name="1 hour", download_mb=250, device_limit=2)
    db.session.commit()
    return plan
