"""Which tokens of a plan can be sold, and in which order."""

from datetime import datetime

from sqlalchemy import Select, or_, select

from wifiapp.tokens.models import WifiToken, is_printed


def in_stock(now: datetime) -> Select[WifiToken]:
    """Select the unsold tokens that are good, the oldest first, printed vouchers last.

    To be narrowed to one plan: then an index gives them in this order.
    """
    is_good = or_(WifiToken.redeem_by.is_(None), WifiToken.redeem_by > now)
    query = select(WifiToken).where(WifiToken.status == "UNUSED", is_good)
    return query.order_by(is_printed, WifiToken.created_at, WifiToken.id)
