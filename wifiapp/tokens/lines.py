"""What a line of the token list says in files."""

from typing import Any

from wifiapp.formats import STATES
from wifiapp.tokens.forms import NAMES

COLUMNS = (
    "token",
    "state",
    "plan",
    "minutes",
    "price",
    "currency",
    "system",
    "business",
    "hotspot",
    "batch",
    "made",
    "redeemBy",
    "firstUsed",
    "expires",
    "ended",
    "reason",
)


def exported(row: Any) -> dict[str, Any]:
    """Return the cells of `COLUMNS`."""
    values = (
        row.token,
        str(STATES[NAMES[row.status]].label),
        row.plan_name,
        row.duration_minutes,
        row.price,
        row.currency,
        row.system,
        row.business,
        row.hotspot,
        row.batch_id,
        row.created_at,
        row.redeem_by,
        row.first_used_at,
        row.expires_at,
        row.ended_at,
        row.end_reason,
    )
    return dict(zip(COLUMNS, values, strict=True))
