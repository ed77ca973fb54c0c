"""Every question the dashboard asks that no other feature answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Row,
    Select,
    Subquery,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.columns import UtcDateTime
from wifiapp.dashboard.figures import DAYS
from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import TokenConfiguration, WifiToken

PACE = 7  # days whose sales tell how long a stock lasts


def sum_by_day_and_channel(viewer: Viewer, now: datetime) -> Sequence[Row[Any]]:
    """Return days_ago, channel, currency, count and amount of the last `DAYS` days.

    Days are those of each business's zone, 0 is today; a void counts -1 on the day it was made,
    as on the sales page. Days without sales are absent.
    """
    lines = _lines(viewer, since=now - timedelta(days=DAYS + 1)).subquery()
    today = _local_date(literal(now, UtcDateTime))
    days_ago = cast(today - _local_date(lines.c.at), Integer).label("days_ago")
    query = (
        select(
            days_ago,
            lines.c.channel,
            Business.currency,
            cast(func.sum(lines.c.count), Integer).label("count"),
            func.sum(lines.c.amount).label("amount"),
        )
        .join(Business, Business.id == lines.c.business_id)
        .where(days_ago.between(0, DAYS - 1))
        .group_by(days_ago, lines.c.channel, Business.currency)
    )
    return db.session.execute(query).all()


def list_stock(viewer: Viewer, now: datetime) -> Sequence[Row[Any]]:
    """Return the offered plans with unsold tokens (`left`) and tokens `sold` in `PACE` days.

    The fewest left come first.
    """
    is_unsold = and_(
        WifiToken.business_id == Business.id,  # leads to the index by business and status
        WifiToken.status == "UNUSED",
        or_(WifiToken.redeem_by.is_(None), WifiToken.redeem_by > now),
    )
    plan_id = WifiToken.token_config_id.label("plan_id")
    unsold = _by_plan(select(plan_id).join(Business, is_unsold))
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


def _lines(viewer: Viewer, since: datetime) -> Any:
    """Select sales as +1 when they were made and voids as -1 when they were made."""
    sale = WifiTokenSale
    made = select(
        sale.business_id.label("business_id"),
        sale.sale_channel.label("channel"),
        sale.sold_at.label("at"),
        literal(1).label("count"),
        sale.sale_amount.label("amount"),
    ).where(sale.sold_at >= since, *_seen(viewer))
    voided = select(
        sale.business_id,
        sale.sale_channel,
        sale.voided_at,
        literal(-1),
        cast(-sale.sale_amount, Numeric(12, 2)),
    ).where(sale.voided_at >= since, *_seen(viewer))
    return union_all(made, voided)


def _seen(viewer: Viewer) -> list[ColumnElement[bool]]:
    seen: list[ColumnElement[bool]] = []
    if viewer.business_ids is not None:
        seen.append(WifiTokenSale.business_id.in_(viewer.business_ids))
    if viewer.only_sales_by is not None:
        seen.append(WifiTokenSale.sold_by == viewer.only_sales_by)
    return seen


def _local_date(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the day of a moment in the zone of its business."""
    return func.date(func.timezone(Business.timezone, func.timezone("UTC", moment)))


def _by_plan(tokens: Select[Any]) -> Subquery:
    """Count tokens by their plan's id."""
    (plan,) = tokens.selected_columns
    return tokens.add_columns(func.count().label("count")).group_by(plan).subquery()
