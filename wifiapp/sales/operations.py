"""Selling and voiding.

A sale locks its token before the till. Two tills never take the same token: each skips what
another has locked, and says "sold out" only after waiting for those locks to end.
"""

from typing import NamedTuple

from sqlalchemy import select

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.formats import money
from wifiapp.paging import UNFIT
from wifiapp.sales import till
from wifiapp.sales.methods import GIFT, named
from wifiapp.sales.methods_queries import list_known
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.orders import Due, Order, due, problems
from wifiapp.sales.stock import in_stock
from wifiapp.tokens import states
from wifiapp.tokens.models import TokenConfiguration, WifiToken
from wifiapp.tokens.states import Event

LONGEST_REASON = 200


class SoldOut(WifiError):
    """No token of the plan is left in stock."""


class NotOffered(WifiError):
    """The plan, or the whole business, does not sell any more."""


class InvalidOrder(WifiError):
    """Something about the order will not do; `problems` are messages by its attributes."""

    def __init__(self, found: dict[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " Nothing was sold.")
        self.problems = found


class PriceChanged(WifiError):
    """The token costs something else than the customer was told; `price` is the right one."""

    def __init__(self, business: Business, token: WifiToken) -> None:
        price = money(token.price, business.currency)
        super().__init__(f"The price is {price} now. Nothing was sold. Tell the customer first.")
        self.price = token.price


class KeyTaken(WifiError):
    """The key has made another sale, which is `sale`; nothing was sold this time."""

    def __init__(self, sale: WifiTokenSale) -> None:
        super().__init__(
            f"This was sold already, with receipt {sale.receipt_number} and paid by "
            f"{sale.payment_method}. Nothing more was sold."
        )
        self.sale = sale


class InvalidReason(WifiError):
    """The reason is missing or too long."""


class AlreadyVoid(WifiError):
    """The sale was voided before; nothing was changed."""


class Sold(NamedTuple):
    """The sale, and whether this order made it or one before with the same key."""

    sale: WifiTokenSale
    is_new: bool


def sell_token(actor: Actor, order: Order) -> Sold:
    """Sell one token, once for each key.

    Raises `SoldOut`, `NotOffered`, `InvalidOrder`, `PriceChanged`, `KeyTaken`, `NotFound`, and
    `states.Forbidden` for a certain token that cannot be sold.
    """
    order = order.tidy()
    try:
        plan = _get_plan(order)
        return _find_sold(actor, order, plan) or _sell(actor, order, plan)
    except WifiError:
        db.session.rollback()
        raise


def void_sale(actor: Actor, sale_id: str, reason: str) -> WifiTokenSale:
    """Take a sale back; its token goes back to stock if it was never used.

    The line stays and has its opposite in the moment of the void. Raises `AlreadyVoid`,
    `InvalidReason`, `NotFound`.
    """
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InvalidReason(f"A reason of 1 to {LONGEST_REASON} characters is needed.")
    sale = _locked_sale(sale_id)
    if sale.voided_at is not None:
        db.session.rollback()
        raise AlreadyVoid("This sale is void already. Nothing was changed.")
    token = _locked_token(sale.wifi_token_id)
    till.hold(sale.business_id)
    before = token.status
    token.status = states.after(before, Event.VOID, used=token.first_used_at is not None)
    sale.voided_at = till.next_void(sale.business_id, sale.sold_at)
    sale.voided_by, sale.void_reason = actor.user_id, reason
    sale.voided_with = _program(actor)
    change = {
        "receipt": sale.receipt_number,
        "token": token.token,
        "amount": f"{sale.sale_amount:.2f}",
        "reason": reason,
        "tokenStatus": {"from": before, "to": token.status},
    }
    record(actor, "sale.void", "sale", sale.id, business_id=sale.business_id, change=change)
    db.session.commit()
    return sale


def _get_plan(order: Order) -> TokenConfiguration:
    ids = [each for each in (order.plan_id, order.token_id or "") if UNFIT.search(each)]
    plan = None if ids else db.session.get(TokenConfiguration, order.plan_id)
    if plan is None:
        raise NotFound("There is no such plan.")
    return plan


def _find_sold(actor: Actor, order: Order, plan: TokenConfiguration) -> Sold | None:
    """Return the sale that the key has made; raises `KeyTaken` when it is not the one wanted."""
    if not order.key or UNFIT.search(order.key):
        return None
    query = select(WifiTokenSale, WifiToken.token_config_id).join(
        WifiToken, WifiToken.id == WifiTokenSale.wifi_token_id
    )
    query = query.where(WifiTokenSale.business_id == plan.business_id)
    found = db.session.execute(query.where(WifiTokenSale.idempotency_key == order.key)).first()
    if found is None:
        return None
    sale, plan_id = found
    made = (sale.sold_by, plan_id, sale.payment_method, sale.sale_channel)
    if made != (actor.user_id, plan.id, order.method_name, order.channel):
        raise KeyTaken(sale)
    return Sold(sale, is_new=False)


def _sell(actor: Actor, order: Order, plan: TokenConfiguration) -> Sold:
    business = db.session.get_one(Business, plan.business_id)
    if not business.is_active or not (plan.is_active or order.token_id):
        raise NotOffered(f"{plan.name} is not on offer any more. Nothing was sold.")
    token = _take_token(order)
    if token is None:
        # Perhaps this very order, sent twice at the same moment, has taken the last one.
        if sold := _find_sold(actor, order, plan):
            return sold
        raise SoldOut(f"{plan.name} is sold out. Nothing was sold.")
    to_pay = _check(order, token, business)
    till.hold(business.id)
    if sold := _find_sold(actor, order, plan):  # the same order came in between
        db.session.rollback()
        return sold
    token.status = states.after(token.status, Event.SELL)
    sale = _add_sale(actor, order, token, to_pay, till.next_receipt(business.id))
    db.session.commit()
    return Sold(sale, is_new=True)


def _take_token(order: Order) -> WifiToken | None:
    """Return a token for this transaction alone, None when the plan is sold out."""
    if order.token_id:
        return _take_certain(order.token_id, order.plan_id)
    query = in_stock(clock.now()).where(WifiToken.token_config_id == order.plan_id).limit(1)
    query = query.execution_options(populate_existing=True)
    token = db.session.scalar(query.with_for_update(skip_locked=True))
    return token or db.session.scalar(query.with_for_update())


def _take_certain(token_id: str, plan_id: str) -> WifiToken:
    """Return the very token; raises `Forbidden` when it cannot be sold."""
    token = _locked_token(token_id)
    if token.token_config_id != plan_id:
        raise NotFound("There is no such token.")
    states.after(token.status, Event.SELL)
    if token.redeem_by is not None and token.redeem_by <= clock.now():
        raise states.Forbidden("Its time to be redeemed is over. Take another token.")
    return token


def _check(order: Order, token: WifiToken, business: Business) -> Due:
    """Return what is to be paid; raises `InvalidOrder`, `PriceChanged`."""
    method = named(order.method_name, list_known(business.id))
    found = problems(order, token.price, method, business.currency)
    if found:
        raise InvalidOrder(found)
    if order.price is not None and order.price != token.price:
        raise PriceChanged(business, token)
    return due(order, token.price, method)


def _add_sale(
    actor: Actor, order: Order, token: WifiToken, to_pay: Due, receipt: till.Next
) -> WifiTokenSale:
    is_gift = order.method_name == GIFT
    sale = WifiTokenSale(
        business_id=token.business_id,
        wifi_token_id=token.id,
        receipt_number=receipt.number,
        idempotency_key=order.key,
        sale_amount=to_pay.amount,
        fee=to_pay.fee,
        tendered=None if is_gift else order.tendered,
        payment_method=order.method_name,
        transaction_code=order.transaction_code or None,
        gift_reason=order.gift_reason or None,
        sale_channel=order.channel,
        sold_at=receipt.at,
        sold_by=actor.user_id,
        sold_with=_program(actor),
    )
    db.session.add(sale)
    db.session.flush()
    _record_sale(actor, sale, token)
    return sale


def _program(actor: Actor) -> str | None:
    """Return the name of who acts, when it is no person."""
    return None if actor.user_id else actor.email


def _record_sale(actor: Actor, sale: WifiTokenSale, token: WifiToken) -> None:
    change = {
        "receipt": sale.receipt_number,
        "token": token.token,
        "plan": token.plan_name,
        "amount": f"{sale.sale_amount:.2f}",
        "fee": f"{sale.fee:.2f}" if sale.fee else None,
        "method": sale.payment_method,
        "channel": sale.sale_channel,
        "reason": sale.gift_reason,
    }
    record(actor, "sale.create", "sale", sale.id, business_id=sale.business_id, change=change)


def _locked_sale(sale_id: str) -> WifiTokenSale:
    query = select(WifiTokenSale).where(WifiTokenSale.id == sale_id).with_for_update()
    sale = db.session.scalar(query.execution_options(populate_existing=True))
    if sale is None:
        db.session.rollback()
        raise NotFound("There is no such sale.")
    return sale


def _locked_token(token_id: str) -> WifiToken:
    query = select(WifiToken).where(WifiToken.id == token_id).with_for_update()
    token = db.session.scalar(query.execution_options(populate_existing=True))
    if token is None:
        raise NotFound("There is no such token.")
    return token
