"""The words people use for a token."""

import re

_WORD = re.compile(
    r"(?:tokens?|vouchers?|guest\s*pass(?:es)?)(?:[\s:#]+(.*))?", re.IGNORECASE | re.DOTALL
)


def code_after_word(text: str) -> str | None:
    """Return the code in "voucher A3K9M7P2", "" without one, None when no such word begins it."""
    found = _WORD.fullmatch(text.strip())
    return found and (found[1] or "").strip()
