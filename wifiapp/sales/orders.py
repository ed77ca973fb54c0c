"""What a till asks for, and what is wrong with it in words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from flask_babel import gettext as _

from wifiapp.formats import money
from wifiapp.paging import UNFIT
from wifiapp.sales.methods import CASH, CENT, GIFT, LONGEST_NAME, NOTHING, Method, spelled

DIRECT = "DIRECT"
LONGEST_TEXT = 200
LARGEST = Decimal("9999999999.99")


@dataclass(frozen=True)
class Order:
    """One token of a plan, or the very one with `token_id`, for money or as a gift.

    `key` is the till's own name for the sale: with the same key it is made once. `price` is
    what the customer was told, None for whatever it costs. `tendered` is cash handed over,
    None for the exact amount. `gift_reason` makes it free and says why.
    """

    plan_id: str
    method: str = CASH
    key: str | None = None
    channel: str = DIRECT
    price: Decimal | None = None
    tendered: Decimal | None = None
    transaction_code: str = ""
    gift_reason: str = ""
    token_id: str | None = None

    @property
    def method_name(self) -> str:
        """Return the method that the sale will carry."""
        return GIFT if self.gift_reason else self.method

    def tidy(self) -> "Order":
        """Return the same order with its texts as sales carry them."""
        return replace(
            self,
            method=spelled(self.method),
            channel=spelled(self.channel),
            transaction_code=" ".join(self.transaction_code.split()),
            gift_reason=" ".join(self.gift_reason.split()),
        )


@dataclass(frozen=True)
class Due:
    """What is to be paid: the amount of the sale and the fee of the method."""

    amount: Decimal
    fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.amount + self.fee


def due(order: Order, price: Decimal, method: Method) -> Due:
    """Return what an order comes to at a price."""
    amount = NOTHING if order.gift_reason else price
    return Due(amount, method.fee(amount))


def problems(order: Order, price: Decimal, method: Method, currency: str) -> dict[str, str]:
    """Return what is wrong with an order, by the name of its attribute; empty when all is well."""
    return dict(_problems(order, price, method, currency))


def _problems(
    order: Order, price: Decimal, method: Method, currency: str
) -> Iterator[tuple[str, str]]:
    if not 1 <= len(order.method) <= LONGEST_NAME:
        yield "method", _("A payment method has 1 to %(most)d characters.", most=LONGEST_NAME)
    if not 1 <= len(order.channel) <= LONGEST_NAME:
        yield "channel", _("A channel has 1 to %(most)d characters.", most=LONGEST_NAME)
    if (price == 0 or order.method == GIFT) and not order.gift_reason:
        yield "gift_reason", _("A free token needs a reason, such as “for the band”.")
    for name in ("method", "channel", "gift_reason", "transaction_code", "key"):
        text = getattr(order, name) or ""
        if len(text) > LONGEST_TEXT:
            yield name, _("Take at most %(most)d characters.", most=LONGEST_TEXT)
        elif UNFIT.search(text):
            yield name, _("It holds a character that no text has.")
    if order.tendered is not None and not order.gift_reason:
        yield from _about_cash(order.tendered, due(order, price, method), method, currency)


def _about_cash(
    tendered: Decimal, to_pay: Due, method: Method, currency: str
) -> Iterator[tuple[str, str]]:
    if method.kind != "CASH":
        yield "tendered", _("Only for cash there is change to give. Leave this empty.")
    elif not tendered.is_finite() or not 0 <= tendered <= LARGEST:
        yield "tendered", _("Enter the cash you were given, such as 5 or 5.00.")
    elif tendered != tendered.quantize(CENT):
        yield "tendered", _("An amount has at most two digits after the point.")
    elif tendered < to_pay.total:
        missing = money(to_pay.total - tendered, currency)
        yield "tendered", _("That is not enough: %(missing)s is missing.", missing=missing)
