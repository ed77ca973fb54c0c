"""Every question asked of the settings."""

from typing import Any
from zoneinfo import available_timezones

from wifiapp.businesses.queries import list_businesses
from wifiapp.db import db
from wifiapp.settings.models import Setting
from wifiapp.settings.values import BackupPlan, backup_plan

ZONE, BACKUP = "zone", "backup"


def get_zone() -> str:
    """Return the installation's time zone: the one that was set, else its first shop's."""
    stored = _find(ZONE)
    if isinstance(stored, str) and stored in available_timezones():
        return stored
    shops = sorted(list_businesses(), key=lambda shop: shop.is_demo)
    return shops[0].timezone if shops else "UTC"


def get_backup_plan() -> BackupPlan:
    """Return when backups are made by themselves, and how many stay."""
    return backup_plan(_find(BACKUP))


def _find(key: str) -> Any:
    setting = db.session.get(Setting, key)
    return setting and setting.value
