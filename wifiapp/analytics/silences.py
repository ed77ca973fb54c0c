"""Times in which nothing was heard: spans [start, end), sorted and apart."""

from collections.abc import Iterable, Sequence
from datetime import datetime

Span = tuple[datetime, datetime]


def united(spans: Iterable[Span]) -> list[Span]:
    """Return the moments that lie in any of the spans."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def shared(lists: Iterable[Sequence[Span]]) -> list[Span]:
    """Return the moments that lie in a span of every list; none when there is no list."""
    first, *rest = [*lists] or [[]]
    common = united(first)
    for spans in rest:
        common = united(
            (max(start, begun), min(end, over))
            for start, end in common
            for begun, over in spans
            if max(start, begun) < min(end, over)
        )
    return common
