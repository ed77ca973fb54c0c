"""A conversation with a box that never comes to its end."""

import asyncio

import pytest

from wifiapp.hotspots import talking
from wifiapp.hotspots.driver import Unsure

pytestmark = pytest.mark.usefixtures("no_database")


def test_a_box_that_does_not_come_to_an_end_is_broken_off(portal):
    async def never(_box):
        await asyncio.Event().wait()

    with pytest.raises(Unsure, match="not done within"):
        talking.talk(portal.access(), never, 0.2)
    assert talking.talk(portal.access(), lambda box: box.identify()).serial == portal.ssid
