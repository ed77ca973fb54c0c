"""The one change of the settings: what the page shows is saved at once."""

from typing import Any

from wifiapp.access import Actor
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.settings import queries
from wifiapp.settings.models import Setting
from wifiapp.settings.values import BackupPlan


def save_settings(zone: str, plan: BackupPlan, actor: Actor) -> bool:
    """Save what differs, and tell whether anything did."""
    before = {"zone": queries.get_zone(), **queries.get_backup_plan().as_json()}
    change = differences(before, {"zone": zone, **plan.as_json()})
    if change:
        _put(queries.ZONE, zone)
        _put(queries.BACKUP, plan.as_json())
        record(actor, "settings.change", "settings", change=change)
        db.session.commit()
    return bool(change)


def _put(key: str, value: Any) -> None:
    db.session.merge(Setting(key=key, value=value))
