"""Codes: made so that people can read and type them and nobody can guess them."""

import secrets

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without I O 0 1 L
LENGTH = 8
GROUP = 4
POSSIBLE = len(ALPHABET) ** LENGTH  # about 853 billion

# What people take for another sign, or leave out; `as_typed` of the models is the same in SQL.
_ALIKE = str.maketrans("OIL", "011", "- ")


def make() -> str:
    """Draw a code at random from the operating system's source for secrets."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def groups(code: str) -> list[str]:
    """Return the parts in which a code is shown: A3K9 M7P2; a code with a dash has its own."""
    if "-" in code or len(code) <= GROUP + 1:
        return [code]
    return [code[i : i + GROUP] for i in range(0, len(code), GROUP)]


def typed(text: str) -> str:
    """Return what codes are compared by, whatever the case, blanks, dashes and look-alikes.

    Two codes that differ only in O and 0, or in I, L and 1, are the same to it: a text is only
    taken for a code when exactly one code is like that.
    """
    return "".join(text.upper().split()).translate(_ALIKE)


def odds(live: int) -> int | None:
    """Return how many guesses it takes for one hit, on average, among so many live codes."""
    return POSSIBLE // live if live else None
