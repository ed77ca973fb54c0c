"""What a search on the device page may mean."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from wifiapp.devices import mac
from wifiapp.tokens.words import code_after_word

_LIKE_MAC = re.compile(
    r"[0-9a-z]{1,2}(:[0-9a-z]{0,2})+|[0-9a-z]{2}(-[0-9a-z]{2}){5}", re.IGNORECASE
)
_BYTES = re.compile(r"([0-9a-f]{2}:)+[0-9a-f]{0,2}", re.IGNORECASE)
_COLONED = re.compile(r"[0-9a-f]{0,4}(:[0-9a-f]{0,4})+", re.IGNORECASE)
_DOTTED = re.compile(r"\d{1,3}(\.\d{0,3}){1,3}")
_WHOLE_IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+")


class NotAnAddressError(ValueError):
    """The text is written like an address, but none begins or goes on so."""


class NoCodeError(ValueError):
    """The text is the word "voucher" without a code after it."""


@dataclass(frozen=True)
class Search:
    """The readings of a text; None where it cannot be read so.

    `mac` is hexadecimal digits of any part of an address; `ip` is an address, or the beginning
    of one (`whole_ip` tells); `token` is the beginning of a code; `hostname` is a part of a name.
    """

    mac: str | None = None
    ip: str | None = None
    whole_ip: bool = False
    token: str | None = None
    hostname: str | None = None


def parse(text: str) -> Search:
    """Read a text that is not empty, or raise `NotAnAddressError` or `NoCodeError`."""
    code = code_after_word(text)
    if code == "":
        raise NoCodeError
    if code:
        return Search(token=code)
    digits = None if _DOTTED.fullmatch(text) else mac.digits_of(text)
    if digits and not 2 <= len(digits) <= mac.DIGITS:  # noqa: PLR2004 - one digit is in them all
        digits = None
    if digits and _BYTES.fullmatch(text):
        return Search(digits, token=text)  # IPv6 begins otherwise, and no name has a colon in it
    ip, whole = _ip(text)
    looks_like_address = _LIKE_MAC.fullmatch(text) or _WHOLE_IPV4.fullmatch(text)
    if looks_like_address and not digits and not ip:
        raise NotAnAddressError
    return Search(digits, ip, whole, token=text, hostname=text)


def _ip(text: str) -> tuple[str | None, bool]:
    try:
        return str(ip_address(text)), True
    except ValueError:
        pass
    if _WHOLE_IPV4.fullmatch(text) or not (_DOTTED.fullmatch(text) or _COLONED.fullmatch(text)):
        return None, False
    return text.lower(), False
