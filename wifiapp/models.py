"""Every table of the app, in one import: what Alembic, the doctor and backup see."""

from wifiapp.analytics.models import RollupMark, RollupState, WifiUsageAnalytics
from wifiapp.api.models import ApiKey
from wifiapp.audit.models import AuditLog
from wifiapp.auth.models import RateLimit, User
from wifiapp.backup.models import Backup, BackupKey, BackupReport, BackupRoutine, HookRun
from wifiapp.backup.restore_models import Restore
from wifiapp.businesses.models import Business, Membership
from wifiapp.devices.blocks_models import DeviceBlock
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage, PresenceKey
from wifiapp.jobs.models import WorkerState
from wifiapp.sales.models import DayClosing, DayClosingSum, PaymentMethod, WifiTokenSale
from wifiapp.settings.models import Setting
from wifiapp.tokens.models import TokenBatch, TokenConfiguration, WifiToken
from wifiapp.tokens.outbox_models import HotspotCommand

__all__ = [
    "ApiKey",
    "AuditLog",
    "Backup",
    "BackupKey",
    "BackupReport",
    "BackupRoutine",
    "Business",
    "DayClosing",
    "DayClosingSum",
    "DeviceBlock",
    "DeviceProfile",
    "DeviceSession",
    "HookRun",
    "Hotspot",
    "HotspotBusiness",
    "HotspotCommand",
    "HotspotOutage",
    "Membership",
    "PaymentMethod",
    "PresenceKey",
    "RateLimit",
    "Restore",
    "RollupMark",
    "RollupState",
    "Setting",
    "TokenBatch",
    "TokenConfiguration",
    "TokenUsage",
    "User",
    "WifiToken",
    "WifiTokenDevice",
    "WifiTokenSale",
    "WifiUsageAnalytics",
    "WorkerState",
]
