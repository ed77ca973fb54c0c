"""What a till asks before it sells."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Select, func, literal_column, select, true

from wifiapp.db import db
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.stock import in_stock
from wifiapp.tokens.models import TokenConfiguration, WifiToken

COUNT_LIMIT = 100  # tokens of a plan that a count looks at before it says "100+"
Plan = TokenConfiguration


@dataclass(frozen=True)
class Offer:
    """A plan as the next token of it is sold; `more` when there are at least `stock` tokens.

    `minutes` and `price` are the next token's own, which differ from the plan's when the plan
    was changed after the token was made.
    """

    plan: Plan
    price: Decimal
    minutes: int
    stock: int
    more: bool

    @property
    def is_older(self) -> bool:
        """Tell whether the plan has other terms by now."""
        return (self.price, self.minutes) != (self.plan.price, self.plan.duration_minutes)


def list_offers(business_id: str, now: datetime) -> list[Offer]:
    """Return the plans that a business sells, in order."""
    query = _offers(now).where(Plan.business_id == business_id, Plan.is_active)
    rows = db.session.execute(query.order_by(Plan.sort_order, Plan.created_at, Plan.id))
    return [_offer(row) for row in rows]


def get_offer(plan_id: str, now: datetime) -> Offer:
    """Return the offer of a plan that there is."""
    return _offer(db.session.execute(_offers(now).where(Plan.id == plan_id)).one())


def find_last_sale(user_id: str, business_id: str, since: datetime) -> Any:
    """Return `id`, `plan`, `sold_at` and `receipt_number` of a person's newest sale, or None."""
    sale = WifiTokenSale
    query = (
        select(sale.id, WifiToken.plan_name.label("plan"), sale.sold_at, sale.receipt_number)
        .join(WifiToken, WifiToken.id == sale.wifi_token_id)
        .where(sale.business_id == business_id, sale.sold_at >= since, sale.sold_by == user_id)
        .where(sale.voided_at.is_(None))
        .order_by(sale.sold_at.desc(), sale.id.desc())
    )
    return db.session.execute(query.limit(1)).first()


def _offers(now: datetime) -> Select[Any]:
    good = in_stock(now).where(WifiToken.token_config_id == Plan.id).correlate(Plan)
    some = good.with_only_columns(literal_column("1", Integer)).order_by(None).limit(COUNT_LIMIT)
    stock = select(func.count()).select_from(some.subquery()).scalar_subquery()
    shown = good.with_only_columns(WifiToken.price, WifiToken.duration_minutes)
    first = shown.limit(1).lateral("first")
    columns: list[Any] = [Plan, first.c.price, first.c.duration_minutes, stock.label("stock")]
    return select(*columns).select_from(Plan).outerjoin(first, true())


def _offer(row: Any) -> Offer:
    plan, price, minutes, stock = row
    if not stock:
        price, minutes = plan.price, plan.duration_minutes
    return Offer(plan, price, minutes, stock, more=stock == COUNT_LIMIT)
