"""Every question the dashboard asks that no other feature answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Row,
    Select,
    Subquery,
    and_,
    func,
    or_,
    select,
)

from wifiapp.access import Viewer
from wifiapp.analytics.grid import until_today
from wifiapp.analytics.queries import Scope, sum_channels
from wifiapp.businesses.models import Business
from wifiapp.businesses.queries import list_businesses
from wifiapp.dashboard.figures import DAYS
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import TokenConfiguration, WifiToken, is_unsold

PACE = 7  # days whose sales tell how long a stock lasts


@dataclass(frozen=True)
class Sold:
    """What a channel sold on one day; 0 days ago is today. A void counts -1 on its own day."""

    days_ago: int
    channel: str
    currency: str
    count: int
    amount: Decimal


def sum_by_day_and_channel(viewer: Viewer, now: datetime) -> list[Sold]:
    """Return what was sold in the last `DAYS` days, as on the sales page.

    Days are those of each business's zone; those without sales are absent.
    """
    businesses = list_businesses(viewer)
    if not businesses:
        return []
    zones = dict.fromkeys(each.timezone for each in businesses)
    days = until_today(zones, DAYS, now)
    scope = Scope([each.id for each in businesses], sold_by=viewer.only_sales_by)
    return [
        Sold(DAYS - 1 - it.place, it.channel, it.currency, it.quantity, it.amount)
        for it in sum_channels(scope, days)
    ]


def list_stock(viewer: Viewer, now: datetime) -> Sequence[Row[Any]]:
    """Return the offered plans with unsold tokens (`left`) and tokens `sold` in `PACE` days.

    The fewest left come first.
    """
    plan_id = WifiToken.token_config_id.label("plan_id")
    still = or_(WifiToken.redeem_by.is_(None), WifiToken.redeem_by > now)
    unsold = _by_plan(select(plan_id).where(is_unsold, still))
    is_sold = and_(
        WifiTokenSale.wifi_token_id == WifiToken.id,
        WifiTokenSale.voided_at.is_(None),
        WifiTokenSale.sold_at > now - timedelta(days=PACE),
    )
    sold = _by_plan(select(plan_id).join(WifiTokenSale, is_sold))
    left = func.coalesce(unsold.c.count, 0)
    query = (
        select(
            TokenConfiguration.id.label("plan_id"),
            TokenConfiguration.name.label("plan"),
            Business.name.label("business"),
            left.label("left"),
            func.coalesce(sold.c.count, 0).label("sold"),
        )
        .join(Business, Business.id == TokenConfiguration.business_id)
        .outerjoin(unsold, unsold.c.plan_id == TokenConfiguration.id)
        .outerjoin(sold, sold.c.plan_id == TokenConfiguration.id)
        .where(TokenConfiguration.is_active, Business.is_active)
        .order_by(left, Business.name, TokenConfiguration.sort_order, TokenConfiguration.id)
    )
    if viewer.business_ids is not None:
        query = query.where(TokenConfiguration.business_id.in_(viewer.business_ids))
    return db.session.execute(query).all()


def _by_plan(tokens: Select[Any]) -> Subquery:
    """Count tokens by their plan's id."""
    (plan,) = tokens.selected_columns
    return tokens.add_columns(func.count().label("count")).group_by(plan).subquery()
