"""Boxes that are taken for one another: two portals of one SSID may have changed addresses.

A portal proves nothing of itself; its SSID is all that it is called. But its codes are its own
draw, so a box that has the tokens of another hotspot of ours, and none of its own, is the other.
"""

from collections.abc import Mapping

from sqlalchemy import ARRAY, Text, any_, func, literal, select

from wifiapp.db import db
from wifiapp.hotspots.driver import Sighting, WrongBox
from wifiapp.hotspots.drivers import CAPABILITIES
from wifiapp.hotspots.models import Hotspot
from wifiapp.polling.state import Token
from wifiapp.tokens.models import WifiToken

LIVE = ("UNUSED", "SOLD", "ACTIVE")


def find_other(hotspot: Hotspot, sighting: Sighting, known: Mapping[str, Token]) -> WrongBox | None:
    """Return what is wrong when another hotspot of ours was looked at; `known` are its tokens.

    A box with a certificate was proved by that.
    """
    codes = [each.code for each in sighting.tokens]
    if hotspot.fingerprint or hotspot.is_manual or not known.keys().isdisjoint(codes):
        return None
    if not codes or not CAPABILITIES[hotspot.system].chooses_codes:
        return None
    matches = func.count()
    query = (
        select(Hotspot.name, matches.label("matches"))
        .join(WifiToken, WifiToken.hotspot_id == Hotspot.id)
        .where(WifiToken.token == any_(literal(codes, ARRAY(Text))))
        .where(WifiToken.status.in_(LIVE), WifiToken.last_sync_at.is_not(None))
        .where(Hotspot.id != hotspot.id, Hotspot.is_active, ~Hotspot.is_manual)
        .group_by(Hotspot.id)
        .order_by(matches.desc())
    )
    other = db.session.execute(query.limit(1)).first()
    if other is None or 2 * other.matches < len(codes):  # a code or two are alike by chance
        return None
    return WrongBox(
        "Another box answers there: it has the tokens of another hotspot and none of this one. "
        "Nothing was concluded from that. Look whether the two have changed addresses, as after a "
        "restart of the router.",
        found=other.name,  # for the audit log alone: it may be of a business that others run
    )
