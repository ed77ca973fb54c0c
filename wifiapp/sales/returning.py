"""What becomes of a token whose sale is taken back: its device has the last word.

Back to stock goes only what nobody has used. A device that does not answer cannot tell, so its
token is not sold again: it is disabled here, and on the device as soon as that answers.
"""

import contextlib

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.hotspots.calling import access_to_change
from wifiapp.hotspots.driver import HotspotError, SeenToken
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.talking import talk
from wifiapp.hotspots.turns import turn
from wifiapp.tokens import ending, homes, outbox, states
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox import Waiting
from wifiapp.tokens.states import Event

PATIENCE = 5.0  # seconds that a hotspot is waited for which others talk with
SILENT = "its sale was voided while its hotspot was silent"
LOST = "its hotspot did not know it when its sale was voided"


class Word:
    """What a device says of a token: `seen` is None when it does not know it."""

    def __init__(self, seen: SeenToken | None = None, *, is_silent: bool = False) -> None:
        self.seen, self.is_silent = seen, is_silent


def ask_device(token_id: str) -> Word | None:
    """Ask the device of a token that was sold and, as far as we know, never used.

    Returns None when there is nothing to ask or nobody to be asked. What is open in the database is
    given up before: a device may take long, and neither rows nor a restore wait for it.
    """
    token = db.session.get_one(WifiToken, token_id)
    if token.status != "SOLD" or token.first_used_at or not homes.is_called(token.hotspot_id):
        return None
    hotspot_id, code = token.hotspot_id, token.token
    try:
        access = access_to_change(db.session.get_one(Hotspot, hotspot_id))
        db.session.rollback()
        with turn(hotspot_id, PATIENCE):
            return Word(talk(access, lambda box: box.find([code])).get(code))
    except HotspotError:
        return Word(is_silent=True)


def take_back(actor: Actor, token: WifiToken, word: Word | None) -> None:
    """Give a token that is held the state that it has without its sale."""
    seen = word.seen if word else None
    if seen and seen.state != "UNUSED" and token.status == "SOLD":
        token.status = states.after(token.status, Event.USE)
        token.first_used_at = token.first_used_at or seen.first_used_at
        token.expires_at = seen.expires_at
    is_used = token.first_used_at is not None
    token.status = states.after(token.status, Event.VOID, used=is_used)
    if word is None or seen or token.status != "UNUSED":
        return
    if word.is_silent:
        ending.end(actor, token, Event.DISABLE, SILENT)
        with contextlib.suppress(Waiting):  # it is ended there already
            outbox.add(
                actor,
                "DISABLE",
                SILENT,
                business_id=token.business_id,
                hotspot_id=token.hotspot_id,
                token_id=token.id,
            )
    else:
        token.status = states.after(token.status, Event.LOSE)
        token.ended_at, token.end_reason = clock.now(), LOST
