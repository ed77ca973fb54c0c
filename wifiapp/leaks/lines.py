"""What a leak says in files, and the tables of a page."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from wifiapp.leaks.queries import NOBODY, Cell

COLUMNS = (
    "leak",
    "at",
    "business",
    "token",
    "status",
    "plan",
    "system",
    "seller",
    "channel",
    "price",
    "paid",
    "amount",
    "currency",
    "since",
    "reason",
)
SUMS = ("currency", "leak", "seller", "channel", "count", "amount")


class Sum(NamedTuple):
    """How many leaks, and what they come to in one currency."""

    number: int
    amount: Decimal


def exported(row: Any) -> dict[str, Any]:
    """Return the cells of `COLUMNS`."""
    values = (
        row.kind,
        row.at,
        row.business,
        row.token,
        row.status,
        row.plan,
        row.system,
        row.seller,
        row.channel,
        row.price,
        row.paid,
        row.amount,
        row.currency,
        row.since,
        row.reason,
    )
    return dict(zip(COLUMNS, values, strict=True))


def exported_sum(cell: Cell, seller: str | None) -> dict[str, Any]:
    """Return the cells of `SUMS`, with the name of the seller."""
    channel = None if cell.channel == NOBODY else cell.channel
    values = (cell.currency, cell.kind, seller, channel, cell.number, cell.amount)
    return dict(zip(SUMS, values, strict=True))


def added(cells: Iterable[Cell], key: Callable[[Cell], Any]) -> dict[Any, Sum]:
    """Add up cells by what `key` says of them; amounts of one currency alone are given."""
    sums: dict[Any, Sum] = {}
    for cell in cells:
        before = sums.get(key(cell), Sum(0, Decimal("0.00")))
        sums[key(cell)] = Sum(before.number + cell.number, before.amount + cell.amount)
    return sums
