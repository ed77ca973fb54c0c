"""The kinds of leaks, and what each means in words."""

from datetime import timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _l

UNSOLD, UNUSED, TWICE = "used-unsold", "sold-unused", "sold-twice"
PRICE, OVERTIME, VANISHED = "wrong-price", "overtime", "vanished"

# A customer may use a token later on the day; devices are heard of from time to time.
PATIENCE = timedelta(hours=24)
GRACE = timedelta(minutes=10)


class Kind(NamedTuple):
    """How a kind is shown: its names, and what `at`, `since` and `amount` of a leak are called."""

    label: str
    short: str
    meaning: str
    at: str
    since: str
    amount: str


KINDS: dict[str, Kind] = {
    UNSOLD: Kind(
        _l("Used, never sold"),
        _l("Unsold"),
        _l("A device was online with it; no sale accounts for it, or only one that was voided."),
        _l("First used"),
        _l("Voided"),
        _l("Price"),
    ),
    TWICE: Kind(
        _l("Sold twice"),
        _l("Twice"),
        _l("The sale was voided and the same token sold again. Once is a slip, often is a habit."),
        _l("Sold again"),
        _l("Voided"),
        _l("Voided amount"),
    ),
    PRICE: Kind(
        _l("Sold at another price"),
        _l("Price"),
        _l("The sale is not what the token cost, or it was a gift."),
        _l("Sold"),
        "",
        _l("Missing"),
    ),
    OVERTIME: Kind(
        _l("Online past its end"),
        _l("Past end"),
        _l("A device was still online more than 10 minutes after its token had ended."),
        _l("Last seen"),
        _l("Ended"),
        _l("Price"),
    ),
    VANISHED: Kind(
        _l("Vanished from stock"),
        _l("Vanished"),
        _l("Disabled or expired without having been used or sold."),
        _l("Ended"),
        _l("Voided"),
        _l("Price"),
    ),
    UNUSED: Kind(
        _l("Sold, never used"),
        _l("Unused"),
        _l("Not used a day after the sale, although its hotspot was heard of since."),
        _l("Sold"),
        "",
        _l("Sold for"),
    ),
}
