"""What a page has learnt of a box, carried to the next page in a hidden field.

It is signed for one person and an hour, and the secret in it is sealed: so nobody types a secret
twice, none stands in a page, and only the box that was shown is saved.
"""

import json
from dataclasses import asdict, replace

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from wifiapp.hotspots.driver import Access, Denied
from wifiapp.hotspots.secrets import seal, unseal

GOOD_FOR = 3600  # seconds


def write(user_id: str, access: Access) -> str:
    """Return what the field carries; `access` has a serial when the box was proved."""
    kept = asdict(replace(access, secret=seal(access.secret)))
    signed: str = _signer(user_id).dumps(kept)
    return signed


def read(user_id: str, text: str | None) -> Access | None:
    """Return what was carried, None when it is too old or not ours."""
    try:
        kept = Access(**_signer(user_id).loads(text or "", max_age=GOOD_FOR))
        return replace(kept, secret=unseal(kept.secret))
    except (BadSignature, Denied, TypeError):
        return None


def _signer(user_id: str) -> URLSafeTimedSerializer:
    key = current_app.config["SECRET_KEY"]
    return URLSafeTimedSerializer(key, salt=f"wifiapp hotspot {user_id}", serializer=json)
