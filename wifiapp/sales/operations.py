"""Selling and voiding."""

from sqlalchemy import select

from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.sales import returning, selling, till
from wifiapp.sales.models import WifiTokenSale
from wifiapp.sales.orders import Order
from wifiapp.sales.selling import (
    InvalidOrder,
    KeyTaken,
    NotOffered,
    PriceChanged,
    Sold,
    SoldOut,
)
from wifiapp.sales.taking import get_terms

__all__ = [
    "AlreadyVoid",
    "InvalidOrder",
    "InvalidReason",
    "KeyTaken",
    "NotOffered",
    "PriceChanged",
    "Sold",
    "SoldOut",
    "sell_token",
    "void_sale",
]

LONGEST_REASON = 200


class InvalidReason(WifiError):
    """The reason is missing or too long."""


class AlreadyVoid(WifiError):
    """The sale was voided before; nothing was changed."""


def sell_token(actor: Actor, order: Order) -> Sold:
    """Sell one token, once for each key.

    Raises `SoldOut`, `NotOffered`, `InvalidOrder`, `PriceChanged`, `KeyTaken`, `NotFound`, and
    `states.Forbidden` for a certain token that cannot be sold.
    """
    order = order.tidy()
    try:
        terms = get_terms(order)
        if terms.made and (sold := selling.find_sold(actor, order, terms)):
            return sold
        sold = selling.sell(actor, order, terms)
    except WifiError:
        db.session.rollback()
        raise
    if sold.is_new:
        db.session.commit()
    else:
        db.session.rollback()
    return sold


def void_sale(actor: Actor, sale_id: str, reason: str) -> WifiTokenSale:
    """Take a sale back; its token goes back to stock if it was never used.

    Where the token is on a device, that is asked first whether it was used: one that is silent
    is told to disable it, since it may have been. The line stays and has its opposite in the
    moment of the void. Raises `AlreadyVoid`, `InvalidReason`, `NotFound`.
    """
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InvalidReason(f"A reason of 1 to {LONGEST_REASON} characters is needed.")
    word = returning.ask_device(_unvoided(sale_id).wifi_token_id)  # before anything is locked
    sale = _unvoided(sale_id, held=True)
    token = selling.locked_token(sale.wifi_token_id)
    till.hold(sale.business_id)
    before = token.status
    returning.take_back(actor, token, word)
    sale.voided_at = till.next_void(sale.business_id, sale.sold_at)
    sale.voided_by, sale.void_reason = actor.user_id, reason
    sale.voided_with = selling.program_of(actor)
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


def _unvoided(sale_id: str, *, held: bool = False) -> WifiTokenSale:
    """Return the sale that is to be voided; raises `AlreadyVoid`, `NotFound`."""
    query = select(WifiTokenSale).where(WifiTokenSale.id == sale_id)
    if held:
        query = query.with_for_update()
    sale = db.session.scalar(query.execution_options(populate_existing=True))
    if sale is None:
        db.session.rollback()
        raise NotFound("There is no such sale.")
    if sale.voided_at is not None:
        db.session.rollback()
        raise AlreadyVoid("This sale is void already. Nothing was changed.")
    return sale
