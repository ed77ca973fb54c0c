"""How far a new shop has come on its way to the first sale."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.hotspots.models import HotspotBusiness
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import TokenConfiguration, WifiToken


class Steps(NamedTuple):
    """What there is of the viewer's own shops, in the order in which it comes to be."""

    plan: bool
    hotspot: bool
    tokens: bool
    sale: bool


def find_steps(viewer: Viewer) -> Steps | None:
    """Return how far the real businesses in use have come; None when the viewer has none."""
    own = select(Business.id).where(Business.is_active, Business.is_demo.is_(False))
    if viewer.business_ids is not None:
        own = own.where(Business.id.in_(viewer.business_ids))
    ids = db.session.scalars(own).all()
    if not ids:
        return None

    def has(business: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return exists().where(business.in_(ids))

    columns = (
        has(TokenConfiguration.business_id),
        has(HotspotBusiness.business_id),
        has(WifiToken.business_id),
        has(WifiTokenSale.business_id),
    )
    return Steps(*db.session.execute(select(*columns)).one())
