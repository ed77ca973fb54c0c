"""Every question asked about one sale and its receipt."""

from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.orm import aliased

from wifiapp.access import Viewer
from wifiapp.auth.models import User
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.paging import UNFIT
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.queries import SELLER
from wifiapp.tokens.models import WifiToken


def get_sale(sale_id: str, viewer: Viewer) -> Row[Any]:
    """Return the sale with all that its receipt says, or raise `NotFound`.

    A seller finds its own ones only.
    """
    query = _details().where(WifiTokenSale.id == sale_id)
    if viewer.business_ids is not None:
        query = query.where(WifiTokenSale.business_id.in_(viewer.business_ids))
    if viewer.only_sales_by is not None:
        query = query.where(WifiTokenSale.sold_by == viewer.only_sales_by)
    row = None if UNFIT.search(sale_id) else db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such sale.")
    return row


def _details() -> Select[Any]:
    voider = aliased(User)
    serves = and_(
        HotspotBusiness.hotspot_id == WifiToken.hotspot_id,
        HotspotBusiness.business_id == WifiToken.business_id,
    )
    shown: list[Any] = [
        WifiTokenSale,
        WifiToken,
        Business,
        SELLER.label("seller"),
        func.coalesce(func.nullif(voider.name, ""), voider.email, WifiTokenSale.voided_with).label(
            "voider"
        ),
        Hotspot.name.label("hotspot"),
        HotspotBusiness.ssid,
    ]
    return (
        select(*shown)
        .join(WifiToken, WifiToken.id == WifiTokenSale.wifi_token_id)
        .join(Business, Business.id == WifiTokenSale.business_id)
        .join(Hotspot, Hotspot.id == WifiToken.hotspot_id)
        .outerjoin(HotspotBusiness, serves)
        .outerjoin(User, User.id == WifiTokenSale.sold_by)
        .outerjoin(voider, voider.id == WifiTokenSale.voided_by)
    )
