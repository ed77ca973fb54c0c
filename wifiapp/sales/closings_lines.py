"""What closings say in files: a line for each, or one for each payment method of one."""

from collections.abc import Iterable, Iterator
from typing import Any

from wifiapp.sales.closings import MethodSum, total

COLUMNS = (
    "day",
    "number",
    "business",
    "from",
    "to",
    "closed",
    "closedBy",
    "expectedCash",
    "countedCash",
    "difference",
    "currency",
    "note",
)
SUMS = ("line", "method", "cash", "quantity", "voids", "amount", "fees", "expected", "currency")


def exported(row: Any) -> dict[str, Any]:
    """Return the cells of `COLUMNS`."""
    closing = row.DayClosing
    values = (
        closing.day.isoformat(),
        closing.number,
        row.Business.name,
        closing.starts_at,
        closing.ends_at,
        closing.closed_at,
        row.closer,
        closing.expected_cash,
        closing.counted_cash,
        closing.counted_cash - closing.expected_cash,
        row.Business.currency,
        closing.note,
    )
    return dict(zip(COLUMNS, values, strict=True))


def exported_sums(sums: Iterable[MethodSum], currency: str) -> Iterator[dict[str, Any]]:
    """Yield the cells of `SUMS` for each method, and last what they come to in all."""
    sums = list(sums)
    for line, each in [*(("method", each) for each in sums), ("sum", total(sums))]:
        is_sum = line == "sum"
        yield {
            "line": line,
            "method": None if is_sum else each.method,
            "cash": None if is_sum else each.is_cash,
            "quantity": each.quantity,
            "voids": each.voids,
            "amount": each.amount,
            "fees": each.fees,
            "expected": each.total,
            "currency": currency,
        }
