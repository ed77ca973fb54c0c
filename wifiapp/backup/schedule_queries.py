"""Every question asked of the daily backup and of what runs leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from wifiapp.backup import archives, queries, schedule
from wifiapp.backup.models import Backup, BackupReport, BackupRoutine
from wifiapp.backup.retention import Plan, Rules, plan
from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.settings.queries import get_backup_plan, get_zone
from wifiapp.settings.values import BackupPlan

ROUTINE = "daily"


@dataclass(frozen=True)
class Daily:
    """The daily backup as the page shows it.

    `next_at` is None while it is off or one is under way, and not after `now` when it is due.
    `attempt` is 1 unless what comes next is another try. `failures` are the tries since the last
    success, newest first.
    """

    plan: BackupPlan
    zone: str
    next_at: datetime | None
    attempt: int
    last: Backup | None
    last_success: Backup | None
    failures: Sequence[Backup]


def find_routine() -> BackupRoutine | None:
    """Return what this machine did last, None before a worker ran for the first time."""
    return db.session.get(BackupRoutine, ROUTINE, populate_existing=True)


def find_newest_proof(now: datetime) -> Backup | None:
    """Return the newest proved backup of everything that is not dated after `now`, or None."""
    query = select(Backup).where(
        Backup.status == "VERIFIED",
        Backup.business_id.is_(None),
        Backup.has_business_data,
        Backup.created_at <= now,
    )
    return db.session.scalars(query.order_by(Backup.created_at.desc()).limit(1)).first()


def get_daily(now: datetime) -> Daily:
    """Return what the schedule did last and does next."""
    settings, zone = get_backup_plan(), get_zone()
    runs = _list_scheduled()
    success = next((run for run in runs if run.verified_at), None)
    failures = []
    for run in runs:
        if run is success:
            break
        if run.status == "FAILED":
            failures.append(run)
    next_at, attempt = _next(settings, zone, now) if settings.is_on else (None, 1)
    return Daily(settings, zone, next_at, attempt, runs[0] if runs else None, success, failures)


def next_attempt(routine: BackupRoutine, now: datetime) -> datetime | None:
    """Return when the last day is tried again, None when that is not to be."""
    last = db.session.get(Backup, routine.backup_id) if routine.backup_id else None
    if last is None or last.status != "FAILED" or last.finished_at is None:
        return None
    return schedule.retry_at(routine.attempts, last.finished_at, now)


def find_report(backup_id: str) -> BackupReport | None:
    """Return what the backup's runs left in writing, None when they left nothing."""
    return db.session.get(BackupReport, backup_id)


def get_retention(config: Config, now: datetime) -> Plan:
    """Return which backups stay and which would go if old ones were deleted now."""
    settings = get_backup_plan()
    rules = Rules(settings.daily, settings.weekly, settings.monthly, get_zone())
    backups = queries.list_all()
    missing = [each.id for each in backups if not archives.exists(config, each.file_name)]
    return plan(backups, rules, now, missing)


def _list_scheduled() -> Sequence[Backup]:
    query = select(Backup).where(Backup.started_by == "SCHEDULE")
    return db.session.scalars(query.order_by(Backup.created_at.desc()).limit(50)).all()


def _next(settings: BackupPlan, zone_name: str, now: datetime) -> tuple[datetime | None, int]:
    routine, zone = find_routine(), ZoneInfo(zone_name)
    today = schedule.latest_day(now, settings.at, zone)
    if routine is None:
        return schedule.moment_of(today + schedule.DAY, settings.at, zone), 1
    last = db.session.get(Backup, routine.backup_id) if routine.backup_id else None
    if last is not None and last.status in queries.UNFINISHED and last.finished_at is None:
        return None, routine.attempts
    again = next_attempt(routine, now)
    next_at = schedule.next_day_at(now, routine.last_day, settings.at, zone)
    return (again, routine.attempts + 1) if again and again < next_at else (next_at, 1)
