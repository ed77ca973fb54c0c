"""Email addresses, which name the accounts."""

import re

from wifiapp.errors import WifiError

LONGEST = 254
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# The rule that browsers apply to <input type="email">: ASCII, so that a name has one spelling.
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")


class InvalidEmail(WifiError):
    """The text is not an email address."""


def is_email(text: str) -> bool:
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None


def checked_email(text: str) -> str:
    """Return the address without spaces around it, or raise `InvalidEmail`."""
    email = text.strip()
    if not is_email(email):
        raise InvalidEmail(f"{email[:LONGEST]!r} is not an email address (name@example.org).")
    return email
