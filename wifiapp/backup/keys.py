"""Keys for archives: the recipient to encrypt for, and the identity that opens what is encrypted.

Both are age's own X25519 keys, as `age-keygen` writes them. Only the recipient is ever kept; the
identity is shown once and then lives on paper.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyrage import IdentityError
from pyrage.x25519 import Identity

from wifiapp.backup.errors import BackupError

PREFIX = "AGE-SECRET-KEY-1"
LENGTH = 74  # characters of an identity
PROVED = 6  # characters at its end that are typed back
LONGEST = 1 << 16  # characters of a key file


class NotAKey(BackupError):
    """What was given is not a key, or a key with a typing mistake."""

    status = 422


@dataclass(frozen=True)
class Key:
    """A whole key; the secret half is left out of the repr, so that a log cannot show it."""

    identity: Identity = field(repr=False)

    @property
    def secret(self) -> str:
        """Return the identity as text, AGE-SECRET-KEY-1 and 58 more characters."""
        return str(self.identity)

    @property
    def recipient(self) -> str:
        """Return the public half as text, age1 and 58 more characters."""
        return str(self.identity.to_public())

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.recipient)

    @property
    def proof(self) -> str:
        return proof_of(self.fingerprint, self.secret)


def make() -> Key:
    """Make a new key."""
    return Key(Identity.generate())


def fingerprint_of(recipient: str) -> str:
    """Name a key shortly, so that people can tell theirs apart: "1F3C-99A0"."""
    digits = hashlib.sha256(recipient.encode()).hexdigest()[:8].upper()
    return f"{digits[:4]}-{digits[4:]}"


def proof_of(fingerprint: str, typed: str) -> str:
    """Return what the end of a typed key is compared with.

    The last characters of an identity are the checksum of the others: 30 of its bits, which help
    nobody to find the 256 that matter.
    """
    end = _plain(typed)[-PROVED:]
    return hashlib.sha256(f"wifiapp key {fingerprint} {end}".encode()).hexdigest()


def read(text: str) -> Sequence[Key]:
    """Read the keys of a key file, or one that was typed from paper; raise `NotAKey`.

    Comment lines, spaces and small letters do no harm.
    """
    if len(text) > LONGEST:
        raise NotAKey("This is far too long for a key. Your data was not changed.")
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    before, *found = re.split(f"(?={PREFIX})", _plain("".join(lines)))
    if before or not found:
        raise NotAKey(
            f"This is not the key of an emergency kit: that begins with {PREFIX}. Your data was "
            "not changed. Look for the line beside the square code."
        )
    return [_key(each) for each in found]


def _key(text: str) -> Key:
    try:
        return Key(Identity.from_str(text))
    except IdentityError:
        wrong = (
            f"it has {len(text)} characters instead of {LENGTH}"
            if len(text) != LENGTH
            else "a character is wrong"
        )
        raise NotAKey(
            f"There is a typing mistake in the key: {wrong}. Your data was not changed. Compare "
            "it with the kit, group by group."
        ) from None


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text).upper()
