"""The question that a person asks a box: who are you, and do you accept this secret."""

import contextlib

from wifiapp.hotspots.driver import Access, Identity
from wifiapp.hotspots.talking import talk
from wifiapp.hotspots.turns import turn

PATIENCE = 20  # seconds that another conversation with the same box is waited for


def identify(access: Access, hotspot_id: str | None = None) -> Identity:
    """Return who answers, with the secret proved; raises `HotspotError`.

    `hotspot_id` is that of a registered one, which others may be talking with right now.
    """
    with turn(hotspot_id, wait=PATIENCE) if hotspot_id else contextlib.nullcontext():
        return talk(access, lambda box: box.identify())
