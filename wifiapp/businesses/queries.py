"""Every question asked of the businesses."""

from collections.abc import Sequence

from sqlalchemy import column, select, table

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business, Membership
from wifiapp.db import db
from wifiapp.errors import NotFound

# By its name, since sales are a feature above this one.
SALES = table("wifi_token_sales", column("businessId"))


def list_business_ids_of(user_id: str) -> frozenset[str]:
    """Return the ids of the businesses a user belongs to."""
    query = select(Membership.business_id).where(Membership.user_id == user_id)
    return frozenset(db.session.scalars(query))


def list_businesses(viewer: Viewer | None = None) -> Sequence[Business]:
    """Return the businesses the viewer may see, by name; all of them without a viewer."""
    query = select(Business).order_by(Business.name, Business.id)
    if viewer is not None and viewer.business_ids is not None:
        query = query.where(Business.id.in_(viewer.business_ids))
    return db.session.scalars(query).all()


def get_business(business_id: str, viewer: Viewer | None = None) -> Business:
    """Return the business, or raise `NotFound`, also when it is beyond the viewer."""
    hidden = viewer and viewer.business_ids is not None and business_id not in viewer.business_ids
    business = None if hidden else db.session.get(Business, business_id)
    if business is None:
        raise NotFound("There is no such business.")
    return business


def has_sales(business_id: str) -> bool:
    """Tell whether anything was ever sold, voids included: the amounts are in its currency."""
    query = select(select(SALES).where(SALES.c.businessId == business_id).exists())
    return bool(db.session.scalar(query))


def zone_of(viewer: Viewer, business_id: str | None = None) -> str:
    """Return the time zone to show times in: the business's, else that of the viewer's first."""
    seen = list_businesses(viewer)
    chosen = [each for each in seen if each.id == business_id] or seen
    return chosen[0].timezone if chosen else "UTC"
