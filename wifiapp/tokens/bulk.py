"""What becomes of many tokens at once: seen first, then done exactly so or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from wifiapp.tokens.states import Event, is_possible

MOST = 1000  # tokens that are changed at once


@dataclass(frozen=True)
class Preview:
    """Which tokens an event changes and which it leaves; `seen` names both, with their states."""

    changing: Sequence[Any]
    staying: Sequence[Any]
    seen: str


def preview(tokens: Sequence[Any], event: Event) -> Preview:
    """Divide tokens (with id and status) by whether the event can happen to them."""
    return Preview(
        changing=[each for each in tokens if is_possible(each.status, event)],
        staying=[each for each in tokens if not is_possible(each.status, event)],
        seen=digest(tokens),
    )


def digest(tokens: Iterable[Any]) -> str:
    """Return a short text that only the same tokens in the same states give again."""
    lines = sorted(f"{each.id} {each.status}" for each in tokens)
    return sha256("\n".join(lines).encode()).hexdigest()[:32]
