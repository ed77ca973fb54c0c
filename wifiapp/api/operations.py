"""Changes to the keys, and their use."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from wifiapp import clock
from wifiapp.access import Actor, Viewer
from wifiapp.api import keys
from wifiapp.api.models import ApiKey
from wifiapp.api.refusals import Refused, TooMany
from wifiapp.audit.record import record
from wifiapp.auth import throttle
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError

LONGEST_NAME = 60
LONGEST_CHANNEL = 20
MINUTE = timedelta(minutes=1)
PER_MINUTE = 300  # requests of one key


class InvalidKey(WifiError):
    """A key cannot be made like that; `problems` are the messages by the name of the term."""

    def __init__(self, found: dict[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " No key was made.")
        self.problems = found


@dataclass(frozen=True)
class Caller:
    """The program that asks: its key, and what that lets it do."""

    key_id: str
    name: str
    prefix: str
    business_id: str
    channel: str
    scopes: tuple[str, ...]

    @property
    def viewer(self) -> Viewer:
        """Return what it may see: the rows of its business."""
        return Viewer(user_id="", role="KEY", business_ids=frozenset({self.business_id}))


def add_key(
    actor: Actor, business_id: str, name: str, scopes: Collection[str], channel: str = "POS"
) -> tuple[ApiKey, str]:
    """Make a key for a business; return it with its text, which is kept nowhere.

    Raises `InvalidKey`, `NotFound`.
    """
    name, channel = " ".join(name.split()), " ".join(channel.upper().split())
    _check(name, scopes, channel)
    if db.session.get(Business, business_id) is None:
        raise NotFound(f"There is no business {business_id}.")
    text = keys.make()
    key = ApiKey(
        business_id=business_id,
        name=name,
        prefix=keys.prefix(text),
        digest=keys.digest(text),
        channel=channel,
        created_by=actor.email,
        **{f"may_{scope}": scope in scopes for scope in keys.SCOPES},
    )
    db.session.add(key)
    db.session.flush()
    _record(actor, "api_key.create", key, {"scopes": list(key.scopes), "channel": channel})
    db.session.commit()
    return key, text


def revoke_key(actor: Actor, key_id: str) -> ApiKey:
    """Make a key useless from now on; raises `NotFound`. A second time changes nothing."""
    key = db.session.get(ApiKey, key_id, with_for_update=True, populate_existing=True)
    if key is None:
        raise NotFound("There is no such key.")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        _record(actor, "api_key.revoke", key, {})
    db.session.commit()
    return key


def admit(text: str, now: datetime) -> Caller:
    """Count one use of the key and return who carries it.

    Raises `Refused`, `TooMany`. Unknown keys are not counted: guessing one is hopeless, and to
    count a stranger costs as much as to refuse it.
    """
    query = select(ApiKey).join(Business, Business.id == ApiKey.business_id)
    key = db.session.scalar(
        query.where(
            ApiKey.digest == keys.digest(text), ApiKey.revoked_at.is_(None), Business.is_active
        )
    )
    if key is None:
        raise Refused("This key is not known, or was revoked. Nothing was done.")
    caller = Caller(key.id, key.name, key.prefix, key.business_id, key.channel, key.scopes)
    (use,) = throttle.count({f"api:{key.id}": PER_MINUTE}, now, MINUTE)
    _mark_used(key.id, now)
    db.session.commit()
    if use.exceeded:
        raise TooMany(use.wait, PER_MINUTE)
    return caller


def _check(name: str, scopes: Collection[str], channel: str) -> None:
    found = {}
    if not 1 <= len(name) <= LONGEST_NAME:
        found["name"] = f"A key needs a name of 1 to {LONGEST_NAME} characters."
    if not scopes or not set(scopes) <= set(keys.SCOPES):
        found["scopes"] = f"A key may do one or more of: {', '.join(keys.SCOPES)}."
    if not 1 <= len(channel) <= LONGEST_CHANNEL:
        found["channel"] = f"A channel has 1 to {LONGEST_CHANNEL} characters."
    if found:
        raise InvalidKey(found)


def _mark_used(key_id: str, now: datetime) -> None:
    """Write down the use, once a minute at most: a busy till need not rewrite its row each time."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - MINUTE)
    query = update(ApiKey).where(ApiKey.id == key_id, stale)
    db.session.execute(query.values(last_used_at=now, updated_at=ApiKey.updated_at))


def _record(actor: Actor, action: str, key: ApiKey, change: dict[str, object]) -> None:
    change = {"name": key.name, "key": key.prefix, **change}
    record(actor, action, "api_key", key.id, business_id=key.business_id, change=change)
