"""Changes to the keys of portals, and their use."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.api import keys
from wifiapp.api.refusals import Refused, TooMany
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.auth import throttle
from wifiapp.columns import UtcDateTime
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage, PresenceKey
from wifiapp.hotspots.setups import LONGEST_INTERVAL, SHORTEST_INTERVAL
from wifiapp.polling.queries import patience_with
from wifiapp.presence import queries

MINUTE = timedelta(minutes=1)
PER_MINUTE = 120  # pushes of one hotspot
WITHOUT_KEY = "Its portal had no key."


class NotManual(WifiError):
    """The hotspot is called, so nothing is pushed for it."""


class InvalidInterval(WifiError):
    """Nobody pushes so often, or so rarely."""


class HasKey(WifiError):
    """There is a key in force already."""


@dataclass(frozen=True)
class Portal:
    """Who pushes: for one hotspot, by one key."""

    key_id: str
    hotspot_id: str


def make_key(actor: Actor, hotspot_id: str, *, replace: bool = False) -> tuple[PresenceKey, str]:
    """Make the key of a hotspot's portal; return it with its text, which is kept nowhere.

    With `replace` the one before is revoked. Raises `NotFound`, `NotManual`, `HasKey`.
    """
    hotspot, old = _locked(hotspot_id), queries.find_key(hotspot_id)
    if old and not replace:
        raise HasKey(
            f"{hotspot.name} has a key, {old.prefix}…. Replace it, and the old one opens nothing "
            "any more. No key was made."
        )
    if old:
        old.revoked_at = clock.now()
        db.session.flush()  # before another one is in force
    else:
        _begin_anew(hotspot)
    text = keys.make(keys.PORTAL)
    key = PresenceKey(
        hotspot_id=hotspot.id,
        prefix=keys.prefix(text),
        digest=keys.digest(text),
        created_by=actor.email,
    )
    db.session.add(key)
    db.session.flush()
    _record(actor, "create", hotspot, key, {"replaces": old.prefix} if old else {})
    db.session.commit()
    return key, text


def revoke_key(actor: Actor, hotspot_id: str) -> PresenceKey | None:
    """Let nobody push for a hotspot any more; None when nobody could. Raises `NotFound`."""
    hotspot, key = _locked(hotspot_id), queries.find_key(hotspot_id)
    if key is not None:
        key.revoked_at = clock.now()
        _end_outage(hotspot, key.revoked_at)  # from now on nobody is to tell anything
        _record(actor, "revoke", hotspot, key, {})
    db.session.commit()
    return key


def change_interval(actor: Actor, hotspot_id: str, seconds: int) -> Hotspot:
    """Say how often the portal pushes, which decides when it counts as silent.

    Raises `NotFound`, `NotManual`, `InvalidInterval`.
    """
    hotspot = _locked(hotspot_id)
    if not SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL:
        raise InvalidInterval(f"Take {SHORTEST_INTERVAL} to {LONGEST_INTERVAL} seconds.")
    before = {"poll_interval": hotspot.poll_interval}
    hotspot.poll_interval = seconds
    if changed := differences(before, {"poll_interval": seconds}):
        change = {"name": hotspot.name, **changed}
        business_id = _business_of(hotspot)
        record(
            actor, "hotspot.change", "hotspot", hotspot.id, business_id=business_id, change=change
        )
    db.session.commit()
    return hotspot


def admit(text: str, now: datetime) -> Portal:
    """Count one use of the key and return who carries it; raises `Refused`, `TooMany`."""
    query = select(PresenceKey).join(Hotspot, Hotspot.id == PresenceKey.hotspot_id)
    key = db.session.scalar(
        query.where(
            PresenceKey.digest == keys.digest(text),
            PresenceKey.revoked_at.is_(None),
            Hotspot.is_active,
            Hotspot.is_manual,
        )
    )
    if key is None:
        raise Refused(
            "This key is not known, was revoked, or its hotspot is out of use. Nothing was done."
        )
    portal = Portal(key.id, key.hotspot_id)
    (use,) = throttle.count({f"presence:{portal.key_id}": PER_MINUTE}, now, MINUTE)
    stale = or_(PresenceKey.last_used_at.is_(None), PresenceKey.last_used_at < now - MINUTE)
    used = update(PresenceKey).where(PresenceKey.id == portal.key_id, stale)
    db.session.execute(used.values(last_used_at=now, updated_at=PresenceKey.updated_at))
    db.session.commit()
    if use.exceeded:
        raise TooMany(use.wait, PER_MINUTE)
    return portal


def _locked(hotspot_id: str) -> Hotspot:
    hotspot = db.session.get(Hotspot, hotspot_id, with_for_update=True, populate_existing=True)
    if hotspot is None:
        raise NotFound("There is no such hotspot.")
    if not hotspot.is_manual:
        raise NotManual(
            f"{hotspot.name} is asked who is online, so its portal has nothing to push. "
            "Nothing was changed."
        )
    return hotspot


def _begin_anew(hotspot: Hotspot) -> None:
    """Forget what was pushed with a key that nobody has any more, but not that nobody told since.

    The hotspot's hours count from its first key on.
    """
    now, last = clock.now(), hotspot.last_contact_at
    _end_outage(hotspot, now)
    known = select(func.max(HotspotOutage.ended_at, type_=UtcDateTime))
    over = db.session.scalar(known.where(HotspotOutage.hotspot_id == hotspot.id))
    if last and now - (since := max(last, over or last)) > patience_with(hotspot):
        gap = HotspotOutage(
            hotspot_id=hotspot.id, started_at=since, ended_at=now, reason=WITHOUT_KEY
        )
        db.session.add(gap)
    hotspot.status, hotspot.last_contact_at, hotspot.last_error = "NEW", None, None


def _end_outage(hotspot: Hotspot, at: datetime) -> None:
    ended = update(HotspotOutage).values(ended_at=func.greatest(HotspotOutage.started_at, at))
    db.session.execute(
        ended.where(HotspotOutage.hotspot_id == hotspot.id, HotspotOutage.ended_at.is_(None))
    )


def _business_of(hotspot: Hotspot) -> str | None:
    query = select(HotspotBusiness.business_id).where(HotspotBusiness.hotspot_id == hotspot.id)
    served = db.session.scalars(query).all()
    return served[0] if len(served) == 1 else None


def _record(
    actor: Actor, verb: str, hotspot: Hotspot, key: PresenceKey, more: dict[str, str]
) -> None:
    record(
        actor,
        f"presence_key.{verb}",
        "hotspot",
        hotspot.id,
        business_id=_business_of(hotspot),
        change={"name": hotspot.name, "key": key.prefix, **more},
    )
