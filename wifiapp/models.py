"""Every table of the app, in one import: what Alembic, the doctor and backup see."""

from wifiapp.analytics.models import WifiUsageAnalytics
from wifiapp.audit.models import AuditLog
from wifiapp.auth.models import RateLimit, User
from wifiapp.backup.models import Backup
from wifiapp.businesses.models import Business, Membership
from wifiapp.devices.models import DeviceProfile, DeviceSession, WifiTokenDevice
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.jobs.models import WorkerState
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import TokenBatch, TokenConfiguration, WifiToken

__all__ = [
    "AuditLog",
    "Backup",
    "Business",
    "DeviceProfile",
    "DeviceSession",
    "Hotspot",
    "HotspotBusiness",
    "Membership",
    "RateLimit",
    "TokenBatch",
    "TokenConfiguration",
    "User",
    "WifiToken",
    "WifiTokenDevice",
    "WifiTokenSale",
    "WifiUsageAnalytics",
    "WorkerState",
]
