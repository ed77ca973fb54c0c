"""MAC addresses: how people type them, and what they tell."""

import re
from ipaddress import IPv4Address

SEPARATORS = re.compile(r"[:\-.\s]")
DIGITS = 12


def digits_of(text: str) -> str | None:
    """Return the hexadecimal digits in capitals, None when the text has anything else."""
    digits = SEPARATORS.sub("", text).upper()
    return digits if re.fullmatch(r"[0-9A-F]+", digits) else None


def spellings(digits: str) -> tuple[str, str]:
    """Write a part of an address as it may stand inside AA:BB:CC:DD:EE:FF.

    The part may begin with a byte (AABB: AA:BB) or within one (AABB: A:AB:B).
    """
    return ":".join(re.findall("..?", digits)), ":".join(
        [digits[:1], *re.findall("..?", digits[1:])]
    )


def pieces(spelling: str) -> list[str]:
    """Return the pieces of an address, AA:B from each byte on, that a part of one contains."""
    return re.findall(r"\b(?=([0-9A-F]{2}:[0-9A-F]))", spelling)


def is_private(mac: str) -> bool:
    """Tell whether the device made the address up itself, so that it names no maker."""
    return mac[1] in "26AE"


def made_up_from(mac: str) -> str | None:
    """Return the IPv4 address that a portal made this MAC of (C0:A8:04:02:00:00), or None."""
    packed = bytes.fromhex(mac.replace(":", ""))
    address = IPv4Address(packed[:4])
    return str(address) if packed[4:] == b"\0\0" and address.is_private and packed[0] else None
