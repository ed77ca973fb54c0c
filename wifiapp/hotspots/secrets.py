"""The secrets of the hotspots, encrypted with a key that stays outside the database.

A sealed text is `1:FINGERPRINT:BASE64`: the version, which SECRET_KEY it was made with, and nonce
and ciphertext of AES-256-GCM. So a restore on another machine is told apart from damage.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from wifiapp.config import Config
from wifiapp.hotspots.driver import Denied

VERSION = "1"
NONCE = 12  # bytes


class Sealed(Denied):
    """A hotspot's secret cannot be read; entering it again mends that."""


def seal(secret: str) -> str:
    """Encrypt a secret with the key of this installation."""
    config = _config()
    head, nonce = f"{VERSION}:{config.key_fingerprint}", urandom(NONCE)
    sealed = _cipher(config).encrypt(nonce, secret.encode(), head.encode())
    return f"{head}:{urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(sealed: str) -> str:
    """Return the secret, or raise `Sealed`, which says what to do."""
    config = _config()
    version, _, rest = sealed.partition(":")
    fingerprint, _, body = rest.partition(":")
    if version == VERSION and fingerprint != config.key_fingerprint:
        raise Sealed(
            "The secret was stored with another key (SECRET_KEY), as after a restore on another "
            "machine, and cannot be read here. Nothing is lost: enter the secret again."
        )
    try:
        packed = urlsafe_b64decode(body)
        head = f"{version}:{fingerprint}".encode()
        return _cipher(config).decrypt(packed[:NONCE], packed[NONCE:], head).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise Sealed("The stored secret is damaged. Enter the secret again.") from None


def _cipher(config: Config) -> AESGCM:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"wifiapp hotspot secrets 1")
    return AESGCM(kdf.derive(config.secret_key.encode()))


def _config() -> Config:
    config: Config = current_app.config["WIFIAPP"]
    return config
