"""Polling, as far as the tables see it: whose turn it is, and what came of it.

A failure changes nothing but the hotspot's own row: what is not known has not changed.
"""

import random
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from wifiapp import clock
from wifiapp.access import WORKER
from wifiapp.audit.record import record
from wifiapp.backup import hold
from wifiapp.db import db
from wifiapp.hotspots import contacts
from wifiapp.hotspots.calling import access_of
from wifiapp.hotspots.driver import Access, Busy, HotspotError, Sighting, Unreachable, WrongBox
from wifiapp.hotspots.models import Hotspot
from wifiapp.polling import adoption, mixups, outages, presence, queries, writing
from wifiapp.polling.state import Changes, Token

MISSES = 2  # failures in a row that make a hotspot silent: one may be the network's
LONGEST_PAUSE = timedelta(minutes=5)
JITTER = 0.1  # part of a pause by which it is longer or shorter, so that not all come at once
UNASKED = "Nobody asked it: the worker was not running."
AT_ONCE = 50  # hotspots claimed at a time


@dataclass(frozen=True)
class Claim:
    """A hotspot to be polled now; without an access, its secret cannot be read."""

    hotspot_id: str
    name: str
    access: Access | HotspotError


@dataclass(frozen=True)
class Outcome:
    """What came of a poll; numbers are of this look."""

    hotspot_id: str
    name: str
    error: str | None = None
    tokens: int = 0
    online: int = 0
    foreign: int = 0
    lost: int = 0
    unbelieved: int = 0


def claim_due() -> list[Claim]:
    """Take the hotspots whose turn it is, so that no other worker does; none during a restore."""
    if not hold.may_change():
        db.session.rollback()
        return []
    now = clock.now()
    locked = queries.due(now).limit(AT_ONCE).with_for_update(skip_locked=True, of=Hotspot)
    hotspots = db.session.scalars(locked).all()
    for hotspot in hotspots:
        hotspot.next_poll_at = now + _about(timedelta(seconds=hotspot.poll_interval))
    claims = [_claim(hotspot) for hotspot in hotspots]
    db.session.commit()
    return claims


def claim(hotspot_id: str) -> Claim | None:
    """Take one hotspot whether it is due or not; None when it is never called."""
    query = queries.called().where(Hotspot.id == hotspot_id)
    hotspot = db.session.scalar(query.execution_options(populate_existing=True))
    found = _claim(hotspot) if hotspot else None
    db.session.rollback()
    return found


def put_off(hotspot_id: str, seconds: float) -> None:
    """Ask the hotspot again in so many seconds; nothing was learnt of it."""
    if hold.may_change():
        at = clock.now() + timedelta(seconds=seconds)
        db.session.execute(update(Hotspot).where(Hotspot.id == hotspot_id).values(next_poll_at=at))
    db.session.commit()


def take_sighting(claim: Claim, sighting: Sighting) -> Outcome | None:
    """Take a good look into the tables, all or nothing; None during a restore."""
    hotspot = outages.held(claim.hotspot_id)
    if hotspot is None:
        return None
    at = min(sighting.at, clock.now())
    before = queries.before(hotspot, sighting)
    if other := mixups.find_other(hotspot, sighting, before.tokens):
        db.session.rollback()
        return take_failure(claim, other)
    if adoption.adopt(hotspot, sighting, before.tokens):
        before = queries.before(hotspot, sighting)
    changes = presence.changes_of(before, sighting)
    lost = writing.write(hotspot.id, changes, at)
    _note_lost(hotspot, lost)
    outages.end(hotspot, at, UNASKED)
    contacts.note_contact(hotspot, sighting.identity, at)
    hotspot.polled_at, hotspot.failures = at, 0
    hotspot.foreign_tokens, hotspot.strangers = changes.foreign, len(sighting.strangers)
    hotspot.next_poll_at = clock.now() + _about(timedelta(seconds=hotspot.poll_interval))
    outcome = _outcome(hotspot, sighting, changes, len(lost))
    db.session.commit()
    return outcome


def take_failure(claim: Claim, error: HotspotError) -> Outcome | None:
    """Keep that a hotspot could not be looked at, and when to try again; None during a restore."""
    hotspot = outages.held(claim.hotspot_id)
    if hotspot is None:
        return None
    if isinstance(error, WrongBox) and hotspot.last_error != str(error):
        change = {"name": hotspot.name, "found": error.found, "registered": hotspot.serial}
        record(WORKER, "hotspot.wrong-box", "hotspot", hotspot.id, change=change)
    hotspot.polled_at = clock.now()
    hotspot.failures += 1
    if not contacts.stays_refused(hotspot, error):
        hotspot.last_error = str(error)
    if hotspot.failures >= MISSES or not isinstance(error, Unreachable | Busy):
        contacts.note_failure(hotspot, error)
        if hotspot.status in {"SILENT", "REFUSED"}:
            outages.begin(hotspot, hotspot.last_error or str(error))
    hotspot.next_poll_at = clock.now() + _pause(hotspot, error)
    outcome = Outcome(hotspot.id, hotspot.name, str(error))
    db.session.commit()
    return outcome


def _claim(hotspot: Hotspot) -> Claim:
    try:
        return Claim(hotspot.id, hotspot.name, access_of(hotspot))
    except HotspotError as error:
        return Claim(hotspot.id, hotspot.name, error)


def _note_lost(hotspot: Hotspot, lost: list[Token]) -> None:
    """Write into the audit log, for each business, which tokens the hotspot has lost."""
    for business_id in sorted({token.business_id for token in lost}):
        codes = sorted(token.code for token in lost if token.business_id == business_id)
        change = {"name": hotspot.name, "tokens": len(codes), "codes": codes}
        record(
            WORKER,
            "hotspot.lost-tokens",
            "hotspot",
            hotspot.id,
            business_id=business_id,
            change=change,
        )


def _pause(hotspot: Hotspot, error: HotspotError) -> timedelta:
    """Return how long to wait after a failure: longer each time, up to five minutes."""
    interval = timedelta(seconds=hotspot.poll_interval)
    if isinstance(error, Busy):
        return max(interval, timedelta(seconds=error.retry_after))
    longer = interval * 2 ** min(hotspot.failures - 1, 10)
    return _about(max(interval, min(longer, LONGEST_PAUSE)))


def _about(pause: timedelta) -> timedelta:
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - nothing is kept secret by it


def _outcome(hotspot: Hotspot, sighting: Sighting, changes: Changes, lost: int) -> Outcome:
    return Outcome(
        hotspot_id=hotspot.id,
        name=hotspot.name,
        tokens=len(sighting.tokens),
        online=sum(device.is_online for device in changes.devices),
        foreign=changes.foreign,
        lost=lost,
        unbelieved=changes.unbelieved,
    )
