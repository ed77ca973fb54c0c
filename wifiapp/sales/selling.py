"""One sale, in the transaction under way; the caller commits.

A sale locks its token before the till. Two tills never take the same token: each skips what
another has locked, and says "sold out" only after waiting for those locks to end.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Row, insert, select, update

from wifiapp.access import Actor
from wifiapp.audit.models import AuditLog
from wifiapp.audit.record import entry
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.formats import money
from wifiapp.sales import till
from wifiapp.sales.methods import GIFT, named
from wifiapp.sales.methods_queries import method_of
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.orders import Due, Order, due, problems
from wifiapp.sales.taking import bound, take_token
from wifiapp.tokens import states
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.states import Event


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

    def __init__(self, price: Decimal, currency: str) -> None:
        super().__init__(
            f"The price is {money(price, currency)} now. Nothing was sold. Tell the customer first."
        )
        self.price = price


class KeyTaken(WifiError):
    """The key has made another sale, which is `sale`; nothing was sold this time."""

    def __init__(self, sale: WifiTokenSale) -> None:
        super().__init__(
            f"This was sold already, with receipt {sale.receipt_number} and paid by "
            f"{sale.payment_method}. Nothing more was sold."
        )
        self.sale = sale


class Sold(NamedTuple):
    """The sale, and whether this order made it or one before with the same key.

    A new one is a copy of what was written, so that nobody has to read it again.
    """

    sale: WifiTokenSale
    is_new: bool


def find_sold(actor: Actor, order: Order, terms: Row[Any]) -> Sold | None:
    """Return the sale that the key has made; raises `KeyTaken` when it is not the one wanted."""
    query = select(WifiTokenSale, WifiToken.token_config_id).join(
        WifiToken, WifiToken.id == WifiTokenSale.wifi_token_id
    )
    query = query.where(WifiTokenSale.business_id == terms.business_id)
    query = query.where(WifiTokenSale.idempotency_key == bound(order.key))
    found = db.session.execute(query).first()
    if found is None:
        return None
    sale, plan_id = found
    made = (sale.sold_by, plan_id, sale.payment_method, sale.sale_channel)
    if made != (actor.user_id, terms.id, order.method_name, order.channel):
        raise KeyTaken(sale)
    return Sold(sale, is_new=False)


def require_offer(order: Order, terms: Row[Any]) -> None:
    """Raise `NotOffered` when the plan, or its business, does not sell."""
    if not terms.is_open or not (terms.is_offered or order.token_id):
        raise NotOffered(f"{terms.plan} is not on offer any more. Nothing was sold.")


def sell(actor: Actor, order: Order, terms: Row[Any]) -> Sold:
    """Sell a token of the stock, or the one that is named; raises as `sell_token` does."""
    require_offer(order, terms)
    token = take_token(order)
    if token is None:
        # Perhaps this very order, sent twice at the same moment, has taken the last one.
        if sold := find_sold(actor, order, terms):
            return sold
        raise SoldOut(f"{terms.plan} is sold out. Nothing was sold.")
    to_pay = check(order, token.price, terms)
    receipt = till.next_receipt(terms.business_id, bound(order.key))
    if receipt.made and (sold := find_sold(actor, order, terms)):
        return sold  # the same order came in between
    sale = _write(actor, order, token, to_pay, receipt)
    return Sold(sale, is_new=True)


def check(order: Order, price: Decimal, terms: Row[Any]) -> Due:
    """Return what is to be paid; raises `InvalidOrder`, `PriceChanged`."""
    method = named(order.method_name, [method_of(terms)] if terms.name else ())
    found = problems(order, price, method, terms.currency)
    if found:
        raise InvalidOrder(found)
    if order.price is not None and order.price != price:
        raise PriceChanged(price, terms.currency)
    return due(order, price, method)


def _write(
    actor: Actor, order: Order, token: Row[Any], to_pay: Due, receipt: till.Next
) -> WifiTokenSale:
    """Write token, sale and audit entry in one statement; return a copy of the sale."""
    values = {
        "id": new_id(),
        "business_id": token.business_id,
        "wifi_token_id": token.id,
        "receipt_number": receipt.number,
        "idempotency_key": order.key,
        "sale_amount": to_pay.amount,
        "fee": to_pay.fee,
        "tendered": None if order.method_name == GIFT else order.tendered,
        "payment_method": order.method_name,
        "transaction_code": order.transaction_code or None,
        "gift_reason": order.gift_reason or None,
        "sale_channel": order.channel,
        "sold_at": receipt.at,
        "sold_by": actor.user_id,
        "sold_with": program_of(actor),
    }
    sale = WifiTokenSale(**values)
    sold = update(WifiToken).where(WifiToken.id == token.id)
    sold = sold.values(status=states.after(token.status, Event.SELL))
    written = insert(AuditLog).values(**_entry(actor, sale, token))
    written = written.add_cte(sold.cte("sold"), insert(WifiTokenSale).values(values).cte("sale"))
    db.session.execute(written)
    return sale


def program_of(actor: Actor) -> str | None:
    """Return the name of who acts, when it is no person."""
    return None if actor.user_id else actor.email


def _entry(actor: Actor, sale: WifiTokenSale, token: Row[Any]) -> dict[str, Any]:
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
    business_id = sale.business_id
    return entry(actor, "sale.create", "sale", sale.id, business_id=business_id, change=change)


def locked_token(token_id: str) -> WifiToken:
    """Return a token for this transaction alone to change, or raise `NotFound`."""
    query = select(WifiToken).where(WifiToken.id == token_id).with_for_update()
    token = db.session.scalar(query.execution_options(populate_existing=True))
    if token is None:
        raise NotFound("There is no such token.")
    return token
