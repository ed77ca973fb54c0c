"""The states of a token: the one place that knows how it goes from one to another.

    UNUSED -- sold --> SOLD -- used --> ACTIVE -- expired --> EXPIRED
       ^--- voided, if never used --'

Each of the first three can be expired or disabled, by a person or by the hotspot's word that it
is lost. EXPIRED and DISABLED are the end. A token is SOLD when it has a sale that is not void.
"""

from collections.abc import Mapping
from enum import StrEnum

from wifiapp.errors import WifiError


class Event(StrEnum):
    """What happens to a token."""

    SELL = "sell"
    VOID = "void"  # its sale was taken back
    USE = "use"  # a device came online with it
    EXPIRE = "expire"
    DISABLE = "disable"
    LOSE = "lose"  # its hotspot does not know it any more


class Forbidden(WifiError):
    """The event cannot happen to a token in that state; the message says why."""


NEXT: Mapping[tuple[str, Event], str] = {
    ("UNUSED", Event.SELL): "SOLD",
    ("UNUSED", Event.USE): "ACTIVE",  # never sold: the leak finder names it
    ("UNUSED", Event.EXPIRE): "EXPIRED",
    ("UNUSED", Event.DISABLE): "DISABLED",
    ("UNUSED", Event.LOSE): "DISABLED",
    ("SOLD", Event.VOID): "UNUSED",
    ("SOLD", Event.USE): "ACTIVE",
    ("SOLD", Event.EXPIRE): "EXPIRED",
    ("SOLD", Event.DISABLE): "DISABLED",
    ("SOLD", Event.LOSE): "DISABLED",
    ("ACTIVE", Event.VOID): "ACTIVE",
    ("ACTIVE", Event.USE): "ACTIVE",
    ("ACTIVE", Event.EXPIRE): "EXPIRED",
    ("ACTIVE", Event.DISABLE): "DISABLED",
    ("ACTIVE", Event.LOSE): "EXPIRED",
    ("EXPIRED", Event.VOID): "EXPIRED",
    ("EXPIRED", Event.LOSE): "EXPIRED",
    ("DISABLED", Event.VOID): "DISABLED",
    ("DISABLED", Event.LOSE): "DISABLED",
}

REFUSALS: Mapping[tuple[str, Event], str] = {
    ("UNUSED", Event.VOID): "It was not sold, so there is no sale to void.",
    ("SOLD", Event.SELL): "It is sold already. Void that sale first, or take another token.",
    ("ACTIVE", Event.SELL): "It is in use already. Take another token.",
    ("EXPIRED", Event.SELL): "It has expired. Take another token.",
    ("EXPIRED", Event.USE): "It has expired.",
    ("EXPIRED", Event.EXPIRE): "It has expired already.",
    ("EXPIRED", Event.DISABLE): "It has expired, so there is nothing to disable.",
    ("DISABLED", Event.SELL): "It is disabled. Take another token.",
    ("DISABLED", Event.USE): "It is disabled.",
    ("DISABLED", Event.EXPIRE): "It is disabled, so there is nothing to expire.",
    ("DISABLED", Event.DISABLE): "It is disabled already.",
}


def after(state: str, event: Event, *, used: bool = False) -> str:
    """Return the state after the event, or raise `Forbidden`.

    `used` tells that a device has been online with the token: then it never goes back to stock.
    """
    refusal = REFUSALS.get((state, event))
    if refusal:
        raise Forbidden(refusal)
    return "ACTIVE" if used and event is Event.VOID and state == "SOLD" else NEXT[state, event]


def is_possible(state: str, event: Event) -> bool:
    """Tell whether the event can happen to a token in that state."""
    return (state, event) in NEXT
