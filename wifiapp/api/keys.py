"""Keys: 256 random bits, of which only a digest is kept.

A plain SHA-256 is right for them: nobody can try out so many, so there is nothing that a slow
hash would slow down, and every request of a till has its key looked up.
"""

import hashlib
import secrets

SCOPES = ("read", "sell", "void")
TILL, PORTAL = "wifi_", "presence_"  # so that people, and programs that look for them, know one
SHOWN = 6  # characters after that: 36 of the 256 bits
BYTES = 32


def make(start: str = TILL) -> str:
    """Draw a key at random from the operating system's source for secrets."""
    return start + secrets.token_urlsafe(BYTES)


def digest(key: str) -> str:
    """Return what is kept of a key: 64 hexadecimal digits."""
    return hashlib.sha256(key.encode()).hexdigest()


def prefix(key: str) -> str:
    """Return the part of a key that people may see."""
    return key[: key.index("_") + 1 + SHOWN]
