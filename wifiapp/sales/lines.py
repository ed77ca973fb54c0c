"""What a line of the sales says in files, and the sum of the lines that were sent."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from wifiapp.sales.sums import NOTHING

COLUMNS = (
    "line",
    "at",
    "localTime",
    "business",
    "receipt",
    "token",
    "plan",
    "system",
    "channel",
    "method",
    "seller",
    "quantity",
    "amount",
    "fee",
    "currency",
    "transactionCode",
    "voidReason",
)


def exported(row: Any) -> dict[str, Any]:
    """Return the cells of `COLUMNS`: a sale, or a void with its quantity and amount below 0."""
    local = row.at.astimezone(ZoneInfo(row.timezone))
    return {
        "line": "void" if row.is_void else "sale",
        "at": row.at,
        "localTime": local.strftime("%Y-%m-%d %H:%M:%S"),
        "business": row.business,
        "receipt": row.receipt,
        "token": row.token,
        "plan": row.plan,
        "system": row.system,
        "channel": row.channel,
        "method": row.method,
        "seller": row.seller,
        "quantity": row.quantity,
        "amount": row.amount,
        "fee": row.fee,
        "currency": row.currency,
        "transactionCode": row.transaction_code,
        "voidReason": row.void_reason if row.is_void else None,
    }


class Tally:
    """Adds up lines while they pass; each currency for itself."""

    def __init__(self, currencies: Iterable[str]) -> None:
        self._sums = dict.fromkeys(sorted(currencies), (0, NOTHING, NOTHING))

    def over(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows, counting them."""
        for row in rows:
            quantity, amount, fee = self._sums.get(row["currency"], (0, NOTHING, NOTHING))
            self._sums[row["currency"]] = (
                quantity + row["quantity"],
                amount + row["amount"],
                fee + row["fee"],
            )
            yield row

    def sums(self) -> list[dict[str, Any]]:
        """Return a row of sums for each currency, as cells of `COLUMNS`."""
        return [
            {
                "line": "sum",
                "quantity": quantity,
                "amount": amount,
                "fee": fee,
                "currency": currency,
            }
            for currency, (quantity, amount, fee) in self._sums.items()
        ]
