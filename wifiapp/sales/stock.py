"""Which tokens of a plan can be sold, and in which order."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, or_, select

from wifiapp.tokens.models import WifiToken, is_printed
from wifiapp.tokens.outbox_models import HotspotCommand


def is_ending() -> ColumnElement[bool]:
    """Return the condition that a device is still to be told about a token."""
    return exists().where(
        HotspotCommand.wifi_token_id == WifiToken.id, HotspotCommand.status == "PENDING"
    )


def in_stock(now: datetime) -> Select[WifiToken]:
    """Select the unsold tokens that are good, the oldest first, printed vouchers last.

    One that its device is still to be told about is left out: it may be gone at any moment. To be
    narrowed to one plan: then an index gives them in this order.
    """
    is_good = or_(WifiToken.redeem_by.is_(None), WifiToken.redeem_by > now)
    query = select(WifiToken).where(WifiToken.status == "UNUSED", is_good, ~is_ending())
    return query.order_by(is_printed, WifiToken.created_at, WifiToken.id)
