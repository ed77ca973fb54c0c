"""Changes to tokens that a person decides, with a reason: they are ended, or begin anew.

What is on a device is changed there first, and here when that is certain.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import select

from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.tokens import ending, homes, outbox, outbox_operations, states
from wifiapp.tokens.bulk import MOST, digest
from wifiapp.tokens.extending import cannot_extend
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox import Waiting
from wifiapp.tokens.outbox_kinds import KIND, TOKEN_KINDS
from wifiapp.tokens.outbox_models import HotspotCommand
from wifiapp.tokens.states import Event

LONGEST_REASON = 200


class Changed(WifiError):
    """The tokens are not what the person has seen; nothing was done."""


class InvalidReason(WifiError):
    """The reason is missing or too long."""


def end_token(actor: Actor, token_id: str, event: Event, reason: str) -> WifiToken:
    """Disable or expire one token, on its device first, and return it as it is then.

    When the device does not answer, the token stays as it is and the command waits. Raises
    `Forbidden`, `InvalidReason`, `Waiting`, `NotFound`.
    """
    reason = _checked(reason)
    for token in _locked([token_id]):
        states.after(token.status, event)
        if not homes.is_called(token.hotspot_id):
            ending.end(actor, token, event, reason)
            db.session.commit()
            return token
        command = _ask(actor, token, KIND[event], reason)
        db.session.commit()
        outbox_operations.try_now(TOKEN_KINDS, command.id)
        db.session.refresh(token)
        return token
    raise NotFound("There is no such token.")


class Ended(NamedTuple):
    """How many tokens were ended, and how many wait for their devices to do it first."""

    now: int
    later: int


def end_tokens(
    actor: Actor, token_ids: Collection[str], event: Event, reason: str, seen: str
) -> Ended:
    """Disable or expire those of the tokens that can be, on their devices by the worker.

    `seen` is what `bulk.preview` gave for them: when one has changed since, raises `Changed`.
    Raises `InvalidReason`.
    """
    reason = _checked(reason)
    if len(token_ids) > MOST:
        raise Changed(f"At most {MOST:,} tokens can be changed at once. Nothing was changed.")
    tokens = _locked(token_ids)
    if digest(tokens) != seen:
        db.session.rollback()
        raise Changed(
            "Some of these tokens have changed since you looked. Nothing was done. "
            "Look at them again."
        )
    possible = [each for each in tokens if states.is_possible(each.status, event)]
    ended = later = 0
    on_devices = homes.called_among(each.hotspot_id for each in possible)
    for token in possible:
        if token.hotspot_id in on_devices:
            with suppress(Waiting):  # something else is wanted of it already
                _ask(actor, token, KIND[event], reason)
                later += 1
        else:
            ending.end(actor, token, event, reason)
            ended += 1
    db.session.commit()
    return Ended(ended, later)


def extend_token(actor: Actor, token_id: str, reason: str) -> HotspotCommand:
    """Let a token's time and volume begin anew on its device; return what became of that.

    Raises `Forbidden` where that cannot be, `InvalidReason`, `Waiting`, `NotFound`.
    """
    reason = _checked(reason)
    for token in _locked([token_id]):
        if problem := cannot_extend(token):
            db.session.rollback()
            raise states.Forbidden(problem)
        command = _ask(actor, token, "EXTEND", reason)
        db.session.commit()
        return outbox_operations.try_now(TOKEN_KINDS, command.id)
    raise NotFound("There is no such token.")


def _ask(actor: Actor, token: WifiToken, kind: str, reason: str) -> HotspotCommand:
    return outbox.add(
        actor,
        kind,
        reason,
        business_id=token.business_id,
        hotspot_id=token.hotspot_id,
        token_id=token.id,
    )


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InvalidReason(f"A reason of 1 to {LONGEST_REASON} characters is needed.")
    return reason


def _locked(token_ids: Collection[str]) -> Sequence[WifiToken]:
    """Return the tokens for this transaction alone to change, in one order for everybody."""
    query = select(WifiToken).where(WifiToken.id.in_(token_ids)).order_by(WifiToken.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).all()
