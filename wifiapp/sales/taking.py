"""What a sale looks up, and what it locks: a token for itself, and then the till."""

from typing import Any

from sqlalchemy import BindParameter, Row, Select, Text, and_, literal, select

from wifiapp import clock
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.paging import UNFIT
from wifiapp.sales import till
from wifiapp.sales.models import PaymentMethod, WifiTokenSale
from wifiapp.sales.orders import Order
from wifiapp.sales.stock import in_stock, is_ending
from wifiapp.tokens import states
from wifiapp.tokens.models import TokenConfiguration, WifiToken
from wifiapp.tokens.states import Event

COLUMNS: tuple[Any, ...] = (
    WifiToken.id,
    WifiToken.business_id,
    WifiToken.token_config_id,
    WifiToken.token,
    WifiToken.plan_name,
    WifiToken.status,
    WifiToken.price,
    WifiToken.redeem_by,
)


def get_terms(order: Order) -> Any:
    """Return the plan with its business, the method, and the sale that the key has made, if any."""
    plan, method, sale = TokenConfiguration, PaymentMethod, WifiTokenSale
    query = (
        select(
            plan.id,
            plan.name.label("plan"),
            plan.is_active.label("is_offered"),
            plan.business_id,
            Business.is_active.label("is_open"),
            Business.currency,
            method.name,
            method.kind,
            method.fee_percent,
            method.fee_minimum,
            sale.id.label("made"),
        )
        .join(Business, Business.id == plan.business_id)
        .outerjoin(
            method,
            and_(method.business_id == plan.business_id, method.name == bound(order.method_name)),
        )
        .outerjoin(
            sale,
            and_(sale.business_id == plan.business_id, sale.idempotency_key == bound(order.key)),
        )
        .where(plan.id == bound(order.plan_id))
    )
    terms: Any = db.session.execute(query).one_or_none()
    if terms is None:
        raise NotFound("There is no such plan.")
    return terms


def take_token(order: Order) -> Row[Any] | None:
    """Return a token for this transaction alone and hold its till; None when it is sold out."""
    if order.token_id:
        return _take_certain(order.token_id, order.plan_id)
    stock = in_stock(clock.now()).where(WifiToken.token_config_id == order.plan_id).limit(1)
    query: Select[Any] = stock.with_only_columns(*COLUMNS)
    others = query.with_for_update(skip_locked=True)
    token = db.session.execute(till.and_hold(others)).first()
    return token or db.session.execute(till.and_hold(query.with_for_update())).first()


def _take_certain(token_id: str, plan_id: str) -> Row[Any]:
    """Return the very token; raises `Forbidden` when it cannot be sold."""
    query = select(*COLUMNS, is_ending().label("is_ending"))
    query = query.where(WifiToken.id == bound(token_id)).with_for_update()
    token = db.session.execute(till.and_hold(query)).first()
    if token is None or token.token_config_id != plan_id:
        raise NotFound("There is no such token.")
    states.after(token.status, Event.SELL)
    if token.is_ending:
        raise states.Forbidden("Its hotspot is just being told to end it. Take another token.")
    if token.redeem_by is not None and token.redeem_by <= clock.now():
        raise states.Forbidden("Its time to be redeemed is over. Take another token.")
    return token


def bound(text: str | None) -> BindParameter[str | None]:
    """Hand a text to the database; what no column can hold is, like nothing, equal to none."""
    return literal(None if text is None or UNFIT.search(text) else text, Text)
