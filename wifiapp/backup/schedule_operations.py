"""The daily backup: asked for when it is due, once, however many workers look."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wifiapp.access import Actor
from wifiapp.backup import lifecycle, outcome, schedule
from wifiapp.backup.engine import Options, SchemaSick
from wifiapp.backup.models import Backup, BackupRoutine
from wifiapp.backup.schedule_queries import (
    ROUTINE,
    find_newest_proof,
    find_routine,
    next_attempt,
)
from wifiapp.backup.scratch import require_sound
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.settings.queries import get_backup_plan, get_zone

SCHEDULE = Actor(user_id=None, email="daily backup")
NOT_MADE = "so the daily backup was not made: it would not restore"


def ask_for_daily(config: Config, now: datetime) -> Mapping[str, Any] | None:
    """Put the daily backup where a worker finds it, once it is due; return what was asked for.

    One that could not even begin stands in the list as failed. While another backup is under
    way it waits.
    """
    settings = get_backup_plan()
    today = schedule.latest_day(now, settings.at, ZoneInfo(get_zone()))
    routine = find_routine()
    if routine is None:
        _begin_routine(today, now)
        return None
    if not settings.is_on or _attempt(routine, today, now) is None:
        db.session.rollback()
        return None
    refused = _why_not(config)
    routine = _lock_routine()
    attempt = _attempt(routine, today, now)
    try:
        lifecycle.be_the_only_one(config)
    except lifecycle.UnderWay:
        attempt = None
    if attempt is None:  # another worker was quicker, or it has to wait
        db.session.rollback()
        return None
    options = Options(audit_logs=settings.audit_logs, demo_data=settings.demo_data)
    backup = _add(config, options, refused)
    routine.attempts, routine.backup_id = attempt, backup.id
    if attempt == 1:
        routine.last_day = today
    db.session.commit()
    return {"backup": backup.id, "day": str(today), "attempt": attempt, "status": backup.status}


def _attempt(routine: BackupRoutine, today: date, now: datetime) -> int | None:
    """Return which try of the day is due: 1 for a new day, None for none."""
    if schedule.is_new(today, routine.last_day):
        return 1
    again = next_attempt(routine, now)
    return routine.attempts + 1 if again is not None and again <= now else None


def _begin_routine(today: date, now: datetime) -> None:
    """Count from here: what came before the first worker was not missed."""
    newest = find_newest_proof(now)
    row = {"id": ROUTINE, "last_day": today, "pruned_for": newest and newest.id}
    db.session.execute(insert(BackupRoutine).values(row).on_conflict_do_nothing())
    db.session.commit()


def _lock_routine() -> BackupRoutine:
    query = select(BackupRoutine).where(BackupRoutine.id == ROUTINE).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _why_not(config: Config) -> SchemaSick | None:
    """Return why no backup could be made of this schema, None when one can."""
    try:
        require_sound(config, NOT_MADE)
    except SchemaSick as error:
        return error
    return None


def _add(config: Config, options: Options, refused: SchemaSick | None) -> Backup:
    backup = lifecycle.add(options, SCHEDULE, status="QUEUED", started_by="SCHEDULE")
    if refused is not None:
        lifecycle.fail(config, backup, refused)
        gaps = [str(each) for each in refused.report.differences]
        outcome.note(backup.id, *gaps)
    return backup
