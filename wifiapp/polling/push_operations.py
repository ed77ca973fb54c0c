"""Pushes, as far as the tables see them: a look at a hotspot that came by itself, or did not."""

from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

from wifiapp import clock
from wifiapp.db import db
from wifiapp.hotspots import contacts
from wifiapp.polling import outages, presence, push_queries, queries, writing
from wifiapp.polling.pushed import Taken, Told, sighting_of, tokens_of

SILENT = "Its portal told nothing."
AT_ONCE = 100  # hotspots looked after at a time


def take_push(hotspot_id: str, told: Sequence[Told], *, names_all: bool = False) -> Taken | None:
    """Take a push into the tables, all or nothing; None during a restore.

    Whoever pushes for the same hotspot meanwhile waits for it.
    """
    hotspot = outages.held(hotspot_id)
    if hotspot is None:
        return None
    at = clock.now()
    tokens = tokens_of(told, push_queries.find_coded(hotspot.id, (each.token for each in told)))
    lately, last = at - queries.patience_with(hotspot), hotspot.last_contact_at
    looked_at = min(last, lately) if last else None  # by the second of two pushes, too
    sighting = sighting_of(told, tokens, at, looked_at, names_all=names_all)
    changes = presence.changes_of(queries.before(hotspot, sighting), sighting)
    writing.write(hotspot.id, changes, at)
    outages.end(hotspot, at, SILENT)
    contacts.note_push(hotspot, at)
    hotspot.polled_at, hotspot.failures = at, 0
    db.session.commit()
    return Taken(at, frozenset(each.token for each in told) - tokens.keys())


def note_unusable(hotspot_id: str, why: str) -> None:
    """Keep why nothing of a push could be used; that is no look, and the hotspot may be silent."""
    hotspot = outages.held(hotspot_id)
    if hotspot is not None:
        hotspot.polled_at, hotspot.last_error = clock.now(), why
        db.session.commit()


def note_silent(_stop: Event) -> Mapping[str, Any] | None:
    """Let an outage begin for each hotspot whose portal has not pushed for too long."""
    fallen = push_queries.fallen_silent(clock.now()).limit(AT_ONCE)
    hotspots = db.session.scalars(fallen.with_for_update(skip_locked=True, key_share=True)).all()
    for hotspot in hotspots:
        hotspot.status, hotspot.last_error = "SILENT", hotspot.last_error or SILENT
        outages.begin(hotspot, hotspot.last_error)
    db.session.commit()
    return {"silent": len(hotspots)} if hotspots else None
