"""What the settings mean: their types, their defaults, and what of a stored value still counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import time
from typing import Any

MOST = 366  # backups of one kind that may be asked to be kept


@dataclass(frozen=True)
class BackupPlan:
    """When backups are made by themselves, what they take, and how many stay.

    `at` is the time of the day in the installation's zone. `daily`, `weekly` and `monthly` say of
    how many days, weeks and months the newest proved backup stays.
    """

    is_on: bool = True
    at: time = time(4)
    audit_logs: bool = True
    demo_data: bool = False
    prunes: bool = True
    daily: int = 7
    weekly: int = 4
    monthly: int = 12

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**asdict(self), "at": self.at.isoformat("minutes")}


def backup_plan(stored: Any) -> BackupPlan:
    """Read a stored plan; what is missing or of no use in it is as by default.

    A restore may bring settings of another version, and no value of theirs may stop the backups.
    """
    given: Mapping[str, Any] = stored if isinstance(stored, Mapping) else {}
    read = {field.name: _read(field.default, given.get(field.name)) for field in fields(BackupPlan)}
    plan = BackupPlan(**{name: value for name, value in read.items() if value is not None})
    return plan if plan.daily else BackupPlan(**{**asdict(plan), "daily": BackupPlan.daily})


def _read(default: Any, value: Any) -> Any:
    """Return the value as the default's type has it, None when it cannot be that."""
    if isinstance(default, time):
        try:
            return time.fromisoformat(value).replace(second=0, microsecond=0, tzinfo=None)
        except (TypeError, ValueError):
            return None
    if type(value) is not type(default):
        return None
    return value if isinstance(value, bool) or 0 <= value <= MOST else None
