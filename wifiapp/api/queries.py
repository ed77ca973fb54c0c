"""Every question asked of the keys, and by those who carry one."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Row, select

from wifiapp.access import Viewer
from wifiapp.api.models import ApiKey
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.paging import UNFIT
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import WifiToken


def list_keys(viewer: Viewer | None = None) -> Sequence[Row[ApiKey, Business]]:
    """Return the keys the viewer may see with their business: those in force first, by name."""
    query = select(ApiKey, Business).join(Business, Business.id == ApiKey.business_id)
    if viewer is not None and viewer.business_ids is not None:
        query = query.where(ApiKey.business_id.in_(viewer.business_ids))
    order = (ApiKey.revoked_at.is_not(None), Business.name, ApiKey.name, ApiKey.id)
    return db.session.execute(query.order_by(*order)).all()


def get_key(key_id: str, viewer: Viewer | None = None) -> ApiKey:
    """Return the key, or raise `NotFound`, also when it is beyond the viewer."""
    key = None if UNFIT.search(key_id) else db.session.get(ApiKey, key_id)
    seen = viewer.business_ids if viewer else None
    if key is None or (seen is not None and key.business_id not in seen):
        raise NotFound("There is no such key.")
    return key


def get_sale(sale_id: str, viewer: Viewer) -> tuple[WifiTokenSale, WifiToken, Business]:
    """Return a sale with its token and business, or raise `NotFound`."""
    query = (
        select(WifiTokenSale, WifiToken, Business)
        .join(WifiToken, WifiToken.id == WifiTokenSale.wifi_token_id)
        .join(Business, Business.id == WifiTokenSale.business_id)
        .where(WifiTokenSale.id == sale_id)
    )
    if viewer.business_ids is not None:
        query = query.where(WifiTokenSale.business_id.in_(viewer.business_ids))
    found = None if UNFIT.search(sale_id) else db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such sale.")
    sale, token, business = found
    return sale, token, business


def list_sale_ids(token_ids: Iterable[str]) -> dict[str, str]:
    """Return the sale that is not void of each of the tokens that have one, by token id."""
    query = select(WifiTokenSale.wifi_token_id, WifiTokenSale.id).where(
        WifiTokenSale.wifi_token_id.in_(list(token_ids)), WifiTokenSale.voided_at.is_(None)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}
