"""Which backups stay and which go: one pure function, and why for each of them.

Every proved backup of everything counts, whether a person, the schedule or a restore made it. Of
these stay the newest few, and the newest of each of the last days, weeks and months that have one;
counting what there is and not the calendar, a month without new ones takes none away.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from wifiapp.backup.models import Backup

UNDO_DAYS = timedelta(days=7)  # as long as a restore can be undone
RECORD_DAYS = timedelta(days=90)  # that a backup which was not made stays in the list

UNFINISHED, PINNED, MISSING, AHEAD = "unfinished", "pinned", "missing", "ahead"
SAFETY, UNPROVED, PARTIAL, NOT_MADE = "safety", "unproved", "partial", "not made"
NEWEST, DAILY, WEEKLY, MONTHLY = "newest", "daily", "weekly", "monthly"
SUPERSEDED, RECORD = "superseded", "record"


@dataclass(frozen=True)
class Rules:
    """How many days, weeks and months keep a backup; a day is one of `zone`.

    At least as many of the newest stay as there are days, be they all of one day.
    """

    daily: int = 7
    weekly: int = 4
    monthly: int = 12
    zone: str = "UTC"


@dataclass(frozen=True)
class Verdict:
    """Whether a backup stays, and the reason, one of the words above."""

    backup: Backup
    stays: bool
    reason: str


@dataclass(frozen=True)
class Plan:
    """A verdict on each backup, newest first."""

    verdicts: tuple[Verdict, ...]

    @property
    def going(self) -> list[Verdict]:
        return [each for each in self.verdicts if not each.stays]

    @property
    def size(self) -> int:
        """Return the bytes that are free once they are gone."""
        return sum(each.backup.size or 0 for each in self.going)


def plan(
    backups: Iterable[Backup], rules: Rules, now: datetime, missing: Iterable[str] = ()
) -> Plan:
    """Decide on each backup; `missing` are the ids of those whose file is not there."""
    ordered = sorted(backups, key=lambda each: (each.created_at, each.id), reverse=True)
    gone = set(missing)
    counted = [each for each in ordered if _counts(each, now, gone)]
    chosen = _choose(counted, rules)
    verdicts = []
    for each in ordered:
        reason = _protection(each, now, gone) or chosen.get(each.id)
        if reason:
            verdicts.append(Verdict(each, stays=True, reason=reason))
        else:
            verdicts.append(Verdict(each, False, SUPERSEDED if each.file_name else RECORD))
    return Plan(tuple(verdicts))


def _counts(backup: Backup, now: datetime, missing: set[str]) -> bool:
    """Tell whether the backup could bring the shop back today."""
    return bool(
        backup.verified_at
        and backup.status != "FAILED"
        and backup.business_id is None
        and backup.has_business_data
        and backup.created_at <= now
        and backup.id not in missing
    )


def _protection(backup: Backup, now: datetime, missing: set[str]) -> str | None:
    """Say why no rule may take the backup away; None when the rules decide."""
    is_file = backup.file_name is not None
    young = RECORD_DAYS if not is_file else UNDO_DAYS
    reasons = (
        (UNFINISHED, backup.status in {"QUEUED", "RUNNING"}),
        (PINNED, backup.is_pinned),
        (MISSING, is_file and backup.id in missing),
        (AHEAD, backup.created_at > now),
        (SAFETY, is_file and backup.started_by == "RESTORE" and now - backup.created_at < young),
        (UNPROVED, is_file and not backup.verified_at),
        (NOT_MADE, not is_file and now - backup.created_at < young),
        (PARTIAL, is_file and not (backup.business_id is None and backup.has_business_data)),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _choose(counted: Sequence[Backup], rules: Rules) -> dict[str, str]:
    """Return the ids that the rules keep, each with the first rule that does."""
    zone = ZoneInfo(rules.zone)

    def day_of(backup: Backup) -> date:
        return backup.created_at.astimezone(zone).date()

    chosen = {each.id: NEWEST for each in counted[: rules.daily]}
    for reason, count, period in (
        (DAILY, rules.daily, day_of),
        (WEEKLY, rules.weekly, lambda each: day_of(each).isocalendar()[:2]),
        (MONTHLY, rules.monthly, lambda each: (day_of(each).year, day_of(each).month)),
    ):
        for each in _newest_of_each(counted, count, period):
            chosen.setdefault(each.id, reason)
    return chosen


def _newest_of_each(
    counted: Sequence[Backup], count: int, period: Callable[[Backup], Hashable]
) -> list[Backup]:
    """Return the newest backup of each of the last `count` periods that have one."""
    newest: dict[Hashable, Backup] = {}
    for each in counted:
        newest.setdefault(period(each), each)
    return list(newest.values())[:count]
