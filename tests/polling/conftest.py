"""Boxes that are registered in an app of the test's own, and served over real connections."""

from tests.factories import make_business, make_plan, make_token
from tests.hotspots.conftest import pauses, portal, ruckus
from tests.live.conftest import serve
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot

__all__ = ["pauses", "portal", "ruckus"]  # no pauses between requests, and little patience


def register(stub, **given):
    """Register a stub as a hotspot of a business of its own; return its id and its business's."""
    access = stub.access()
    business = make_business()
    values = {
        "system": access.system,
        "address": access.address,
        "username": access.username,
        "serial": access.serial,
        "fingerprint": access.fingerprint,
        "status": "NEW",
        "last_contact_at": None,
    }
    hotspot = serve(business, secret=access.secret, **values | given)
    db.session.commit()
    return hotspot.id, business.id


def sell(hotspot_id, business_id, code):
    """Put a token of ours beside the one that the box has."""
    hotspot = db.session.get(Hotspot, hotspot_id)
    plan = make_plan(db.session.get(Business, business_id), system=hotspot.system)
    make_token(plan=plan, hotspot=hotspot, token=code, status="SOLD")
    db.session.commit()
