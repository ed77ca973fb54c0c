"""Whether what was last told of a device still holds."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, not_, or_

from wifiapp.columns import UtcDateTime
from wifiapp.devices.models import WifiTokenDevice
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.queries import heard_after, is_heard


def is_told(now: datetime) -> ColumnElement[bool]:
    """Return the condition on a device of which its hotspot has told lately.

    A look at a hotspot shows everybody. A portal that pushes need not name everybody each time, so
    that each of its devices has to be named itself.
    """
    is_named = or_(not_(Hotspot.is_manual), WifiTokenDevice.last_seen >= heard_after(now))
    return and_(is_heard(now), is_named)


def told_at() -> ColumnElement[datetime]:
    """Return when something was told of a device last."""
    heard_at = case((not_(Hotspot.is_manual), Hotspot.last_contact_at))
    return func.coalesce(heard_at, WifiTokenDevice.last_seen, type_=UtcDateTime)
