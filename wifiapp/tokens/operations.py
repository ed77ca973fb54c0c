"""Changes to tokens that a person decides: they are disabled or expired, with a reason."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.tokens import states
from wifiapp.tokens.bulk import MOST, digest
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.states import Event

LONGEST_REASON = 200


class Changed(WifiError):
    """The tokens are not what the person has seen; nothing was done."""


class InvalidReason(WifiError):
    """The reason is missing or too long."""


def end_token(actor: Actor, token_id: str, event: Event, reason: str) -> WifiToken:
    """Disable or expire one token; raises `Forbidden`, `InvalidReason`, `NotFound`."""
    reason = _checked(reason)
    for token in _locked([token_id]):
        _end(actor, token, event, reason)
        db.session.commit()
        return token
    raise NotFound("There is no such token.")


def end_tokens(
    actor: Actor, token_ids: Collection[str], event: Event, reason: str, seen: str
) -> int:
    """Disable or expire those of the tokens that can be; return how many.

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
    for token in possible:
        _end(actor, token, event, reason)
    db.session.commit()
    return len(possible)


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


def _end(actor: Actor, token: WifiToken, event: Event, reason: str) -> None:
    before = token.status
    token.status = states.after(before, event)
    token.ended_at, token.end_reason = clock.now(), reason
    change = {
        "token": token.token,
        "status": {"from": before, "to": token.status},
        "reason": reason,
    }
    record(
        actor,
        f"token.{event.value}",
        "token",
        token.id,
        business_id=token.business_id,
        change=change,
    )
