"""Sums of sales: folded from cells, so that every way of grouping gives the same total."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

NOTHING = Decimal("0.00")
DIMENSIONS = ("channel", "method", "system", "plan", "seller")


class Cell(NamedTuple):
    """The lines that agree in all this: sales less voids, and what they come to."""

    currency: str
    channel: str
    method: str
    system: str
    plan: str
    seller: str | None
    quantity: int
    voids: int
    amount: Decimal


class Sum(NamedTuple):
    """One group; `share` is its part of the currency's total, None where that is not above 0."""

    name: str
    quantity: int
    voids: int
    amount: Decimal
    share: Decimal | None = None


def chosen(cells: Iterable[Cell], wanted: Mapping[str, str]) -> list[Cell]:
    """Return the cells with these values; "" is any."""
    given = {name: value for name, value in wanted.items() if value}
    return [c for c in cells if all(getattr(c, name) == given[name] for name in given)]


def found(cells: Iterable[Cell], dimension: str) -> list[str]:
    """Return the values that occur, in order."""
    return sorted({value for cell in cells if (value := getattr(cell, dimension)) is not None})


def total(cells: Iterable[Cell], name: str = "") -> Sum:
    """Add up cells of one currency."""
    quantity, voids, amount = 0, 0, NOTHING
    for cell in cells:
        quantity, voids, amount = (
            quantity + cell.quantity,
            voids + cell.voids,
            amount + cell.amount,
        )
    return Sum(name, quantity, voids, amount)


def grouped(cells: Sequence[Cell], dimension: str) -> list[Sum]:
    """Add up the cells of one currency by a dimension, the largest amount first.

    Those that have none are a group without a name.
    """
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(getattr(cell, dimension) or "", []).append(cell)
    whole = total(cells).amount
    sums = [total(members, name) for name, members in groups.items()]
    shared = [each._replace(share=each.amount / whole if whole > 0 else None) for each in sums]
    return sorted(shared, key=lambda each: (-each.amount, -each.quantity, each.name))
