"""Doing what hotspots are still to be told, one conversation at a time with each.

What is tried is written down first. A hotspot that does not answer is asked again later and
nothing else changes; a refusal is final. Who cancels a command that is being done at that moment
learns that it was done.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import func, or_, select, update

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.hotspots.calling import access_to_change
from wifiapp.hotspots.driver import Busy, HotspotError, Incapable, Rejected
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.talking import Step, take, take_each
from wifiapp.hotspots.turns import turn
from wifiapp.tokens.outbox import WORDS, Kinds
from wifiapp.tokens.outbox_models import HotspotCommand

PATIENCE = 5.0  # seconds that a person waits for it
FIRST_PAUSE, LONGEST_PAUSE = 10, 300  # seconds before a silent hotspot is asked again
UNSURE = "It could not be made sure that it is done."

Command = HotspotCommand
DUE = Command.status == "PENDING"


def run_due(kinds: Kinds, stop: Event) -> Mapping[str, Any] | None:
    """Do what is due, hotspots side by side; None when nothing was done."""
    done = take_each(lambda: _list_due(kinds, clock.now()), stop)
    return None if done is None else {"commands": done}


def try_now(kinds: Kinds, command_id: str) -> Command:
    """Do a command right away unless its hotspot is known to be silent, and return it.

    Whatever comes between, it stays to be done by the worker.
    """
    command = _get(command_id)
    hotspot = db.session.get_one(Hotspot, command.hotspot_id)
    hotspot_id, is_silent = hotspot.id, hotspot.status == "SILENT"
    db.session.rollback()
    if not is_silent:
        try:
            with turn(hotspot_id, PATIENCE):
                take(_do_some(kinds, hotspot_id, command_id))
        except Busy:
            pass
    return _get(command_id)


def hurry_command(actor: Actor, command_id: str) -> Command:  # noqa: ARG001 - as its sisters
    """Let the worker try a command again at once; raises an error when it is done already."""
    command = _held(command_id)
    if command.status != "PENDING":
        db.session.rollback()
        raise WifiError("This is not waiting any more, so there is nothing to try again.")
    command.next_try_at = None
    db.session.commit()
    return command


def cancel_command(actor: Actor, command_id: str) -> Command:
    """Ask for a command no longer; raises `NotFound`, and an error when it is done."""
    command = _held(command_id)
    if command.status != "PENDING":
        db.session.rollback()
        raise WifiError("This is not waiting any more, so there is nothing to cancel.")
    command.status, command.finished_at = "CANCELLED", clock.now()
    _note(actor, "cancel", command)
    db.session.commit()
    return command


def _list_due(kinds: Kinds, now: datetime) -> list[tuple[str, Callable[[], Step]]]:
    """Return the hotspots that something is due at, those that were not silent first."""
    query = select(Command.hotspot_id).where(DUE, Command.kind.in_(kinds), _is_time(now))
    query = query.group_by(Command.hotspot_id)
    query = query.order_by(func.max(Command.attempts), Command.hotspot_id)
    found = db.session.scalars(query).all()
    db.session.rollback()
    return [(each, partial(_do_some, kinds, each)) for each in found]


def _do_some(kinds: Kinds, hotspot_id: str, only: str | None = None) -> Step:
    """Do what is due at a hotspot whose turn it is, as much as one call can; return how many."""
    group = _next_group(kinds, hotspot_id, only)
    if not group:
        db.session.rollback()
        return 0
    kind, ids = kinds[group[0].kind], [each.id for each in group]
    works = [kind.work(each) for each in group]
    for each in group:
        each.attempts += 1
    try:
        access = access_to_change(db.session.get_one(Hotspot, hotspot_id))
        for each in group:
            each.called_at = each.called_at or clock.now()  # any try since may be what did it
        db.session.commit()
        results = yield access, lambda box: kind.act(box, works)
    except HotspotError as error:
        return _not_done(hotspot_id, ids, error)
    return _done(kinds, ids, results)


def _next_group(kinds: Kinds, hotspot_id: str, only: str | None) -> Sequence[Command]:
    """Return the first due commands of a kind, held until the commit."""
    query = select(Command).where(DUE, Command.hotspot_id == hotspot_id)
    query = query.where(Command.id == only if only else _is_time(clock.now()))
    query = query.where(Command.kind.in_(kinds)).order_by(Command.created_at, Command.id)
    query = query.with_for_update().execution_options(populate_existing=True).limit(100)
    found = db.session.scalars(query).all()
    same = [each for each in found if each.kind == found[0].kind]
    return same[: kinds[same[0].kind].most] if same else []


def _done(kinds: Kinds, ids: Sequence[str], results: Mapping[str, Any]) -> int:
    """Write into our rows what was done; what is not certain is tried again later."""
    for command in _all_held(ids):
        if command.id in results:
            asker = Actor(user_id=None, email=command.created_by)
            kinds[command.kind].done(asker, command, results[command.id])
            command.status, command.finished_at = "DONE", clock.now()
            command.error = command.next_try_at = None
        elif command.status == "PENDING":
            command.error, command.next_try_at = UNSURE, _later(command)
    db.session.commit()
    return len(results)


def _not_done(hotspot_id: str, ids: Sequence[str], error: HotspotError) -> int:
    """Keep why nothing was done, and when it is tried again unless the refusal is final."""
    commands = [each for each in _all_held(ids) if each.status == "PENDING"]
    for command in commands:
        command.error = str(error)
        if isinstance(error, (Rejected, Incapable)):
            command.status, command.finished_at = "FAILED", clock.now()
            _note(Actor(user_id=None, email=command.created_by), "fail", command)
    if commands and commands[0].status == "PENDING":
        wait = timedelta(seconds=error.retry_after) if isinstance(error, Busy) else None
        until = clock.now() + wait if wait else _later(commands[0])
        db.session.execute(
            update(Command)
            .where(DUE, Command.hotspot_id == hotspot_id)
            .values(next_try_at=until, error=str(error))
        )
    db.session.commit()
    return 0


def _later(command: Command) -> datetime:
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(command.attempts - 1, 0), 10))
    return clock.now() + timedelta(seconds=pause)


def _is_time(now: datetime) -> Any:
    return or_(Command.next_try_at.is_(None), Command.next_try_at <= now)


def _get(command_id: str) -> Command:
    command = db.session.get(Command, command_id, populate_existing=True)
    if command is None:
        raise NotFound("There is no such command.")
    return command


def _held(command_id: str) -> Command:
    for command in _all_held([command_id]):
        return command
    raise NotFound("There is no such command.")


def _all_held(ids: Sequence[str]) -> Sequence[Command]:
    query = select(Command).where(Command.id.in_(ids)).order_by(Command.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _note(actor: Actor, verb: str, command: Command) -> None:
    change = {
        "what": WORDS[command.kind],
        "target": command.mac_address,
        "reason": command.reason,
        "error": command.error,
    }
    is_token = command.wifi_token_id is not None
    record(
        actor,
        f"command.{verb}",
        "token" if is_token else "hotspot",
        command.wifi_token_id or command.hotspot_id,
        business_id=command.business_id,
        change=change,
    )
