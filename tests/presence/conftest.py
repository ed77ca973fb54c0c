from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.factories import (
    make_business,
    make_hotspot,
    make_hotspot_business,
    make_plan,
    make_presence_key,
    make_token,
)
from wifiapp.api import keys
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.hotspots.models import HotspotOutage
from wifiapp.tokens.models import WifiToken

NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MAC, OTHER = "AC:DE:48:00:00:01", "AC:DE:48:00:00:02"
TABLES = (WifiTokenDevice, DeviceSession, DeviceProfile, TokenUsage, WifiToken, HotspotOutage)


def after(minutes=0, seconds=0):
    """Return a moment so long after noon."""
    return NOON + timedelta(minutes=minutes, seconds=seconds)


class Portal:
    """A portal of a manual hotspot of a business, which pushes by HTTP with its key."""

    def __init__(self, app, business=None, **given):
        self.business = business or make_business()
        values = {"is_manual": True, "address": "", "status": "NEW", "last_contact_at": None}
        self.hotspot = make_hotspot(**values | given)
        make_hotspot_business(self.hotspot, self.business)
        self.plan = make_plan(self.business)
        self.key = keys.make(keys.PORTAL)
        prefix, made = keys.prefix(self.key), NOON - timedelta(days=1)
        self.row = make_presence_key(self.hotspot, self.key, prefix=prefix, created_at=made)
        self.client = app.test_client()
        self.now = NOON

    def token(self, code="A3K9M7P2", **given):
        given = {"created_at": NOON - timedelta(days=1), "status": "SOLD"} | given
        token = make_token(plan=self.plan, hotspot=self.hotspot, token=code, **given)
        db.session.commit()
        return token

    def send(self, at=None, **given):
        """Send a request as it is given, at the moment."""
        headers = {"Authorization": f"Bearer {self.key}"} | given.pop("headers", {})
        with time_machine.travel(at or self.now, tick=False):
            answer = self.client.post("/api/v1/presence", headers=headers, csrf=False, **given)
        db.session.expire_all()
        return answer

    def push(self, *items, at=None, **query):
        """Push the items and return what is answered."""
        answer = self.send(at, json=list(items), query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


def there(token="A3K9M7P2", mac=MAC, **given):
    return {"token": token, "mac": mac, "ip": "192.168.4.100", "online": True} | given


def gone(token="A3K9M7P2", mac=MAC, **given):
    return {"token": token, "mac": mac, "online": False} | given


def rows(*models, but=()):
    """Return all rows of the tables, each with all its columns but those that say when."""
    found = {}
    for model in models or TABLES:
        columns = [c.label(c.name) for c in model.__table__.columns if c.name not in but]
        query = select(*columns).order_by(*model.__table__.primary_key)
        found[model.__tablename__] = [dict(row) for row in db.session.execute(query).mappings()]
    return found


@pytest.fixture
def portal(app):
    portal = Portal(app)
    portal.token()
    return portal
