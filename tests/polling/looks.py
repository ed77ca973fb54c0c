"""Looks at a hotspot as a driver returns them, and taking them in at a moment of ours."""

from datetime import UTC, datetime, timedelta

import time_machine

from tests.factories import (
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_plan,
    make_token,
)
from wifiapp.db import db
from wifiapp.hotspots.driver import Access, Identity, SeenDevice, SeenToken, Sighting, Unreachable
from wifiapp.polling import operations
from wifiapp.polling.operations import Claim

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MAC, OTHER = "AC:DE:48:00:00:01", "AC:DE:48:00:00:02"


def after(minutes=0, seconds=0):
    """Return a moment so long after noon."""
    return NOON + timedelta(minutes=minutes, seconds=seconds)


class Box:
    """A hotspot of a business with a plan, and what a look at it shows."""

    def __init__(self, system="ESP32", **given):
        self.business = make_business()
        given = {"status": "NEW", "last_contact_at": None} | given
        self.hotspot = make_hotspot(system=system, **given)
        make_hotspot_business(self.hotspot, self.business)
        self.plan = make_plan(self.business, system=system)
        self.booted_at = NOON - timedelta(days=1)
        self.claim = Claim(self.hotspot.id, "Box", Access(system, self.hotspot.address, "secret"))

    def token(self, **given):
        given = {"created_at": NOON - timedelta(hours=1)} | given
        return make_token(plan=self.plan, hotspot=self.hotspot, **given)

    def sighting(self, at, *tokens, is_complete=True, **given):
        identity = Identity("Corner WiFi", clock_offset=0, booted_at=self.booted_at)
        return Sighting(at, identity, tokens, is_complete=is_complete, **given)

    def look(self, at, *tokens, **given):
        """Take in a good look at the moment, and return what came of it."""
        with time_machine.travel(at, tick=False):
            found = operations.take_sighting(self.claim, self.sighting(at, *tokens, **given))
        db.session.expire_all()
        return found

    def miss(self, at, error=None):
        """Let a poll fail at the moment."""
        with time_machine.travel(at, tick=False):
            found = operations.take_failure(self.claim, error or Unreachable("It does not answer."))
        db.session.expire_all()
        return found


def active(token, *devices, **given):
    """Return the token as a hotspot shows it in use by these devices."""
    first = given.pop("first_used_at", NOON)
    values = {"first_used_at": first, "expires_at": first + timedelta(minutes=60)}
    return SeenToken(token.token, "ACTIVE", **values | {"devices": devices} | given)


def unused(token, **given):
    return SeenToken(token.token, "UNUSED", devices=(), **given)


def expired(token, *devices, **given):
    return SeenToken(token.token, "EXPIRED", devices=devices, **given)


def there(mac=MAC, **given):
    """Return a device that is online."""
    return SeenDevice(mac, is_online=True, **{"ip": "192.168.4.100"} | given)


def gone(mac=MAC, **given):
    """Return a device that was on the token and is not online."""
    return SeenDevice(mac, is_online=False, **given)
