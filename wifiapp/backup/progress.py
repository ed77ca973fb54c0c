"""How far a running backup is, in one figure for the whole of it."""

from dataclasses import dataclass
from datetime import datetime

from wifiapp.backup.models import Backup
from wifiapp.backup.restore_models import Restore

# About a stage's share of the time: between 70 thousand rows, where comparing weighs more, and
# millions, where building indexes does.
MAKING = {"preparing": 3, "copying": 27}
PROVING = {"checking": 8, "loading": 24, "indexing": 20, "comparing": 18}
# Of a restore; a backup of what is live comes before anything is loaded.
RESTORING = {
    "holding": 1,
    **{f"safety {name}": share for name, share in (MAKING | PROVING).items()},
    **PROVING,
    "migrating": 5,
    "swapping": 1,
}
SURE_ENOUGH = 0.05  # of the whole; before that, a time left would be a guess


@dataclass(frozen=True)
class Status:
    """The part done (0 to 1), seconds since the start, and seconds left where that can be told."""

    done: float
    seconds: float
    seconds_left: float | None
    bytes_per_second: float | None


def status_of_restore(restore: Restore, now: datetime) -> Status:
    """Work out how far a check or a restore is from what its holder wrote last."""
    return _status(restore, RESTORING if restore.confirmed_at else PROVING, now)


def status_of(backup: Backup, now: datetime) -> Status:
    """Work out how far the backup is from what its holder wrote last."""
    return _status(backup, PROVING if backup.finished_at else MAKING | PROVING, now)


def _status(backup: Backup | Restore, shares: dict[str, int], now: datetime) -> Status:
    done = _share_before(backup.stage, shares) + shares.get(backup.stage or "", 0) * _of_stage(
        backup
    )
    part = min(done / sum(shares.values()), 0.99)
    seconds = max((now - (backup.started_at or now)).total_seconds(), 0)
    return Status(
        done=part,
        seconds=seconds,
        seconds_left=seconds * (1 - part) / part if part >= SURE_ENOUGH else None,
        bytes_per_second=(
            backup.bytes_done / seconds if backup.stage == "copying" and seconds >= 1 else None
        ),
    )


def _share_before(stage: str | None, shares: dict[str, int]) -> int:
    """Add up what comes before the stage; one that is not in the list is a late one."""
    if stage is None:
        return 0
    names = list(shares)
    return sum(list(shares.values())[: names.index(stage)] if stage in shares else shares.values())


def _of_stage(backup: Backup | Restore) -> float:
    return min(backup.rows_done / backup.rows_expected, 1) if backup.rows_expected else 0
