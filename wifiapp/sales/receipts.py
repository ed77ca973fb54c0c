"""What pages and papers say about one sale."""

from typing import Any

from wifiapp import qr
from wifiapp.tokens import codes, durations


def shown(row: Any) -> dict[str, Any]:
    """Return what templates show of a row of `receipts_queries.get_sale`."""
    sale, token = row.WifiTokenSale, row.WifiToken
    paid = sale.sale_amount + sale.fee
    return {
        "row": row,
        "sale": sale,
        "token": token,
        "business": row.Business,
        "paid": paid,
        "change": None if sale.tendered is None else sale.tendered - paid,
        "join": qr.join_text(row.ssid) if row.ssid else "",
        "open_code": qr.code_text(token.system, token.token),
        "portal": qr.PORTAL,
        "svg": qr.svg,
        "groups": codes.groups,
        "words": durations.words,
    }
