"""What hotspots are told about tokens: that one ends, or that its time begins anew."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.hotspots.driver import Driver, Rejected, SeenToken
from wifiapp.tokens import ending, states
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox import Kind, Kinds, Work
from wifiapp.tokens.outbox_models import HotspotCommand
from wifiapp.tokens.states import Event

AT_ONCE = 20  # tokens of one call
SLACK = timedelta(seconds=5)  # by which a device's clock may be read wrongly
KIND = {Event.DISABLE: "DISABLE", Event.EXPIRE: "EXPIRE"}


def _held(command: HotspotCommand) -> WifiToken:
    return db.session.get_one(
        WifiToken, command.wifi_token_id, with_for_update=True, populate_existing=True
    )


def _work(command: HotspotCommand) -> Work:
    token = db.session.get_one(WifiToken, command.wifi_token_id)
    return Work(command.id, token.token, command.reason, command.called_at)


async def _revoke(box: Driver, works: Sequence[Work]) -> Mapping[str, None]:
    gone = await box.revoke([each.target for each in works])
    return {each.id: None for each in works if each.target in gone}


async def _extend(box: Driver, works: Sequence[Work]) -> Mapping[str, SeenToken]:
    """Begin the time of one token anew, unless a try whose answer was lost has done so."""
    (work,) = works
    seen = (await box.find([work.target])).get(work.target)
    if seen is None:
        raise Rejected("It does not know this token any more.")
    if seen.first_used_at is None or seen.state == "UNUSED":
        raise Rejected("This token was not used yet, so its time has not begun.")
    if work.called_at is None or seen.first_used_at < work.called_at - SLACK:
        seen = await box.extend(work.target)
    return {work.id: seen}


def _ended(event: Event, actor: Actor, command: HotspotCommand, _result: None) -> None:
    token = _held(command)
    if states.is_possible(token.status, event):
        ending.end(actor, token, event, command.reason)
    else:  # a look at the hotspot has missed it before we could say why
        token.end_reason = command.reason


def _extended(actor: Actor, command: HotspotCommand, seen: SeenToken) -> None:
    token = _held(command)
    change = {
        "token": token.token,
        "expiresAt": {
            "from": token.expires_at and token.expires_at.isoformat(),
            "to": seen.expires_at and seen.expires_at.isoformat(),
        },
        "reason": command.reason,
    }
    if token.status == "ACTIVE":
        token.expires_at = seen.expires_at
    record(actor, "token.extend", "token", token.id, business_id=token.business_id, change=change)


TOKEN_KINDS: Kinds = {
    "DISABLE": Kind(_work, _revoke, partial(_ended, Event.DISABLE), AT_ONCE),
    "EXPIRE": Kind(_work, _revoke, partial(_ended, Event.EXPIRE), AT_ONCE),
    "EXTEND": Kind(_work, _extend, _extended),
}
