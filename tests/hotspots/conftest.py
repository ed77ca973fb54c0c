"""Boxes for the drivers: stubs of both kinds, and drivers that need not wait for real ones."""

import pytest

from tests.hotspots.stubs import Esp32Stub, R710Stub
from wifiapp.hotspots import esp32, r710_wire
from wifiapp.hotspots.esp32_wire import Pace


@pytest.fixture
def pauses(monkeypatch):
    """The pauses of an ESP32 conversation, written down instead of made; short patience."""
    made = []

    async def sleep(seconds):
        made.append(seconds)

    monkeypatch.setattr(esp32, "PACE", Pace(read=0.5, change=0.5, sleep=sleep))
    monkeypatch.setattr(r710_wire, "SECONDS", 1)
    return made


@pytest.fixture
def portal(pauses):
    with Esp32Stub() as box:
        yield box


@pytest.fixture
def ruckus(pauses):
    with R710Stub() as box:
        yield box


@pytest.fixture(params=["portal", "ruckus"])
def box(request):
    """Each kind of box in turn."""
    return request.getfixturevalue(request.param)
