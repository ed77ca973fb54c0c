"""How old the last proved backup is, in words that pages, banners and monitors share."""

from datetime import datetime, timedelta
from typing import Literal

AGING, OLD = timedelta(days=2), timedelta(days=7)
A_DAY = timedelta(days=1)

Freshness = Literal["never", "ahead", "fresh", "aging", "old"]
TONES: dict[Freshness, str] = {
    "never": "warn",
    "ahead": "warn",
    "fresh": "good",
    "aging": "warn",
    "old": "bad",
}


def freshness(made_at: datetime | None, now: datetime) -> Freshness:
    """Rate the moment at which the last proved backup was made.

    "ahead" is one dated after today: the clock is or was wrong, so that its age says nothing.
    """
    if made_at is None:
        return "never"
    age = now - made_at
    if age < -A_DAY:
        return "ahead"
    return "old" if age > OLD else "aging" if age > AGING else "fresh"
