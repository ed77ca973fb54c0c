"""Ways to pay: their names, which of them is cash, and what they cost on top."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CASH = "CASH"
GIFT = "FREE"  # the method of a sale for which nothing was paid
LONGEST_NAME = 30
CENT, NOTHING = Decimal("0.01"), Decimal("0.00")


@dataclass(frozen=True)
class Method:
    """A way to pay. Its fee is a percentage of the price but at least the minimum.

    `kind` is CASH, MOBILE (mobile money, with a transaction code) or OTHER.
    """

    name: str
    kind: str = "OTHER"
    fee_percent: Decimal = NOTHING
    fee_minimum: Decimal = NOTHING

    def fee(self, amount: Decimal) -> Decimal:
        """Return what is paid on top of an amount, to the cent; nothing on top of nothing."""
        if amount <= 0:
            return NOTHING
        share = (amount * self.fee_percent / 100).quantize(CENT, ROUND_HALF_UP)
        return max(share, self.fee_minimum, NOTHING)


# What a business offers that has not said anything else.
DEFAULTS = (Method(CASH, "CASH"), Method("MOBILE MONEY", "MOBILE"), Method("CARD"))


def spelled(name: str) -> str:
    """Return a name of a method or channel as sales carry it: "eco  cash" is "ECO CASH"."""
    return " ".join(name.upper().split())


def named(name: str, methods: Iterable[Method]) -> Method:
    """Return the method of that name; the list is open, so an unknown one has no fee."""
    known = {each.name: each for each in (*DEFAULTS, *methods)}
    return known.get(name, Method(name))
