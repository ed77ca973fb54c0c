"""Passwords: hashed by Argon2, chosen by people, made for one sign-in."""

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

# OWASP's parameters for small servers: 19 MiB and about 25 ms for each of many at once.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Checked when there is no such account, so that an answer takes as long as for one that exists.
DECOY = (
    "$argon2id$v=19$m=19456,t=2,p=1$wc5wbEU8y+Mz1UdokkXt5Q"
    "$9LyseubyuiXBtsedSZQuXG4/BOfeG8cw0QkzkwtiCj0"
)
SHORTEST, LONGEST = 10, 200
FEWEST_CHARACTERS = 4
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that a hand-written note confuses

# The commonest of leaked passwords that are long enough to get this far.
COMMON = frozenset(
    """
    0123456789 1234567890 12345678910 0987654321 9876543210 1234567891 123456789a a123456789
    1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc q1w2e3r4t5 qwertyuiop qwerty1234 qwerty12345 qwerty123456
    qazwsxedcrfv asdfghjkl1 zxcvbnm123 password12 password123 password1234 passw0rd123 p@ssw0rd123
    mypassword administrator admin12345 admin123456 adminadmin admin@1234 letmein123 welcome123
    iloveyou12 iloveyou123 changeme123 football123 sunshine123 superman123 princess123 abcdefghij
    abcdefghijk abc1234567 abcd123456 changeit12 wifipassword internet123 iloveyou1234 secret1234
    """.split()  # noqa: SIM905 - as a list it would take fifty lines
)


def hashed(password: str) -> str:
    return HASHER.hash(_typed(password))


def verify(password_hash: str, password: str) -> bool:
    """Tell whether the password is the one of the hash; takes about 25 ms either way."""
    try:
        return HASHER.verify(password_hash, _typed(password))
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Tell whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)


def one_time() -> str:
    """Make a password that can be read out and typed on a phone: 59 bits in three groups."""
    letters = [secrets.choice(ALPHABET) for _each in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


def weakness(password: str, email: str) -> str | None:
    """Return what is wrong with a new password, None when it will do."""
    password = _typed(password)
    plain = password.casefold()
    wrong: str | None = None
    if len(password) < SHORTEST:
        wrong = _("Take at least %(count)s characters. A few words are fine.", count=SHORTEST)
    elif len(password) > LONGEST:
        wrong = _("Take at most %(count)s characters.", count=LONGEST)
    elif plain == email.casefold():
        wrong = _("The password cannot be the email address.")
    elif plain in COMMON or len(set(plain)) < FEWEST_CHARACTERS:
        wrong = _("That is one of the first passwords that a stranger would try. Take another.")
    return wrong


def _typed(password: str) -> str:
    """Write é the same way whichever keyboard it was typed on."""
    return unicodedata.normalize("NFC", password)
