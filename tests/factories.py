"""Rows for tests: each function adds one row, with whatever it needs around it, and flushes."""

import itertools
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from wifiapp import clock
from wifiapp.analytics.models import RollupMark, RollupState, WifiUsageAnalytics
from wifiapp.api.models import ApiKey
from wifiapp.audit.models import AuditLog
from wifiapp.auth.models import RateLimit, User
from wifiapp.backup import keys
from wifiapp.backup.models import Backup, BackupKey, BackupReport, BackupRoutine, HookRun
from wifiapp.backup.restore_models import Restore
from wifiapp.businesses.models import Business, Membership
from wifiapp.db import db
from wifiapp.devices.blocks_models import DeviceBlock
from wifiapp.devices.models import DeviceProfile, DeviceSession, TokenUsage, WifiTokenDevice
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage, PresenceKey
from wifiapp.jobs.models import WorkerState
from wifiapp.sales.models import DayClosing, DayClosingSum, PaymentMethod, WifiTokenSale
from wifiapp.settings.models import Setting
from wifiapp.tokens.models import TokenBatch, TokenConfiguration, WifiToken
from wifiapp.tokens.outbox_models import HotspotCommand

FACTORIES = {}  # model -> function; a guard test compares it with the models
_counter = itertools.count(1)

# Argon2 of "correct horse", made once: hashing is slow on purpose
PASSWORD = "correct horse"
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$"
    "wc5wbEU8y+Mz1UdokkXt5Q$9LyseubyuiXBtsedSZQuXG4/BOfeG8cw0QkzkwtiCj0"
)


def factory(model):
    def register(make):
        FACTORIES[model] = make
        return make

    return register


def _add(row):
    db.session.add(row)
    db.session.flush()
    return row


@factory(User)
def make_user(role="ADMIN", **given):
    n = next(_counter)
    values = {"email": f"user{n}@example.org", "name": f"User {n}", "role": role}
    return _add(User(**values | {"password_hash": PASSWORD_HASH} | given))


@factory(Business)
def make_business(**given):
    values = {"name": f"Shop {next(_counter)}", "currency": "USD", "timezone": "Africa/Harare"}
    return _add(Business(**values | given))


@factory(Membership)
def make_membership(user=None, business=None):
    user, business = user or make_user("MANAGER"), business or make_business()
    return _add(Membership(user_id=user.id, business_id=business.id))


@factory(Hotspot)
def make_hotspot(**given):
    n = next(_counter)
    values = {
        "name": f"Hotspot {n}",
        "system": "ESP32",
        "address": f"192.168.1.{n % 250}",
        "status": "OK",
        "last_contact_at": clock.now(),
    }
    return _add(Hotspot(**values | given))


@factory(HotspotBusiness)
def make_hotspot_business(hotspot=None, business=None, **given):
    hotspot, business = hotspot or make_hotspot(), business or make_business()
    return _add(HotspotBusiness(hotspot_id=hotspot.id, business_id=business.id, **given))


@factory(HotspotOutage)
def make_outage(hotspot=None, **given):
    values = {"hotspot_id": (hotspot or make_hotspot()).id, "reason": "It does not answer."}
    return _add(HotspotOutage(**values | {"started_at": clock.now()} | given))


@factory(PresenceKey)
def make_presence_key(hotspot=None, text=None, **given):
    text = text or f"presence_key-{next(_counter)}"
    values = {
        "hotspot_id": (hotspot or make_hotspot(is_manual=True, address="")).id,
        "prefix": text[:15],
        "digest": sha256(text.encode()).hexdigest(),
        "created_by": "a@example.org",
    }
    return _add(PresenceKey(**values | given))


@factory(TokenConfiguration)
def make_plan(business=None, **given):
    values = {
        "business_id": (business or make_business()).id,
        "name": f"Plan {next(_counter)}",
        "system": "ESP32",
        "duration_minutes": 60,
        "price": Decimal("1.00"),
    }
    return _add(TokenConfiguration(**values | given))


@factory(TokenBatch)
def make_batch(plan=None, hotspot=None, **given):
    plan = plan or make_plan()
    hotspot = hotspot or make_hotspot(system=plan.system, is_manual=True, address="")
    values = {
        "business_id": plan.business_id,
        "hotspot_id": hotspot.id,
        "token_config_id": plan.id,
        "source": "MADE",
        "system": plan.system,
        "plan_name": plan.name,
        "duration_minutes": plan.duration_minutes,
        "device_limit": plan.device_limit,
        "price": plan.price,
        "asked": 10,
        "created_by": "a@example.org",
    }
    return _add(TokenBatch(**values | given))


@factory(WifiToken)
def make_token(business=None, plan=None, hotspot=None, **given):
    plan = plan or make_plan(business)
    values = {
        "business_id": plan.business_id,
        "hotspot_id": (hotspot or make_hotspot(system=plan.system)).id,
        "token_config_id": plan.id,
        "system": plan.system,
        "token": f"TK{next(_counter):06d}",
        "plan_name": plan.name,
        "duration_minutes": plan.duration_minutes,
        "price": plan.price,
    }
    return _add(WifiToken(**values | given))


@factory(HotspotCommand)
def make_command(token=None, **given):
    token = token or make_token()
    values = {
        "business_id": token.business_id,
        "hotspot_id": token.hotspot_id,
        "wifi_token_id": token.id,
        "kind": "DISABLE",
        "reason": "lost phone",
        "created_by": "a@example.org",
    }
    return _add(HotspotCommand(**values | given))


@factory(WifiTokenDevice)
def make_device(token=None, **given):
    now = clock.now()
    values = {
        "wifi_token_id": (token or make_token(status="ACTIVE")).id,
        "mac_address": "AC:DE:48:{:02X}:{:02X}:{:02X}".format(*next(_counter).to_bytes(3)),
        "is_online": True,
        "current_ip": "192.168.4.2",
        "first_seen": now - timedelta(minutes=20),
        "last_seen": now,
    }
    return _add(WifiTokenDevice(**values | given))


@factory(DeviceBlock)
def make_block(business=None, hotspot=None, **given):
    values = {
        "business_id": (business or make_business()).id,
        "hotspot_id": (hotspot or make_hotspot()).id,
        "mac_address": "AC:DA:48:{:02X}:{:02X}:{:02X}".format(*next(_counter).to_bytes(3)),
        "reason": "sells our codes",
        "blocked_by": "a@example.org",
        "blocked_at": clock.now(),
    }
    return _add(DeviceBlock(**values | given))


@factory(DeviceProfile)
def make_profile(business=None, **given):
    values = {
        "business_id": (business or make_business()).id,
        "mac_address": "AC:DF:48:{:02X}:{:02X}:{:02X}".format(*next(_counter).to_bytes(3)),
        "hostname": "iPhone-Thandi",
        "device_type": "Apple iOS",
    }
    return _add(DeviceProfile(**values | given))


@factory(DeviceSession)
def make_session(device=None, **given):
    values = {
        "wifi_token_device_id": (device or make_device()).id,
        "started_at": clock.now() - timedelta(minutes=20),
        "ip": "192.168.4.2",
    }
    return _add(DeviceSession(**values | given))


@factory(TokenUsage)
def make_usage(token=None, **given):
    now = clock.now()
    values = {
        "wifi_token_id": (token or make_token(status="ACTIVE")).id,
        "starts_at": now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0),
        "bytes_down": 1_000_000,
        "bytes_up": 100_000,
    }
    return _add(TokenUsage(**values | given))


@factory(WifiTokenSale)
def make_sale(token=None, **given):
    token = token or make_token(status="SOLD")
    values = {
        "business_id": token.business_id,
        "wifi_token_id": token.id,
        "sale_amount": token.price,
        "sold_at": clock.now(),
    }
    return _add(WifiTokenSale(**values | given))


@factory(PaymentMethod)
def make_method(business=None, **given):
    values = {"business_id": (business or make_business()).id, "name": f"WALLET {next(_counter)}"}
    return _add(PaymentMethod(**values | given))


@factory(DayClosing)
def make_closing(business=None, **given):
    now = clock.now()
    values = {
        "business_id": (business or make_business()).id,
        "day": now.date(),
        "number": 1,
        "starts_at": now - timedelta(hours=12),
        "ends_at": now,
        "expected_cash": Decimal("12.50"),
        "counted_cash": Decimal("12.50"),
        "closed_at": now,
    }
    return _add(DayClosing(**values | given))


@factory(DayClosingSum)
def make_closing_sum(closing=None, **given):
    values = {
        "day_closing_id": (closing or make_closing()).id,
        "method": "CASH",
        "is_cash": True,
        "quantity": 5,
        "amount": Decimal("12.50"),
    }
    return _add(DayClosingSum(**values | given))


@factory(WifiUsageAnalytics)
def make_rollup(**given):
    start = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=next(_counter))
    values = {
        "period_type": "hour",
        "period_start": start,
        "period_end": start + timedelta(hours=1),
        "system": "ESP32",
        "device_type_stats": {"Android": 12, "Apple iOS": 5},
    }
    return _add(WifiUsageAnalytics(**values | given))


@factory(RollupMark)
def make_mark(business=None, **given):
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    values = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
    return _add(RollupMark(business_id=(business or make_business()).id, **values | given))


@factory(RollupState)
def make_rollup_state(business=None, **given):
    business, now = business or make_business(), clock.now()
    values = {"zone": business.timezone, "is_demo": business.is_demo, "rolled_up_to": now}
    values["longer_to"] = given.get("rolled_up_to", now)
    values |= {"sessions_from": now - timedelta(days=400)}
    values |= {"periods_from": now - timedelta(days=500)}
    return _add(RollupState(business_id=business.id, **values | given))


@factory(AuditLog)
def make_audit_log(**given):
    values = {"at": clock.now(), "user_email": "a@example.org", "action": "user.create"}
    return _add(AuditLog(**values | {"entity": "user", "change": {"role": "ADMIN"}} | given))


@factory(RateLimit)
def make_rate_limit(**given):
    values = {"key": f"test:{next(_counter)}", "window_start": clock.now(), "hits": 1}
    return _add(RateLimit(**values | given))


@factory(WorkerState)
def make_worker_state(**given):
    now = clock.now()
    values = {"name": f"worker {next(_counter)}", "started_at": now, "last_run_at": now}
    return _add(WorkerState(**values | given))


@factory(Backup)
def make_backup(**given):
    return _add(Backup(**{"started_by": "COMMAND", "created_by": "command line"} | given))


@factory(BackupKey)
def make_backup_key(**given):
    key = keys.make()
    values = {"recipient": key.recipient, "fingerprint": key.fingerprint}
    return _add(BackupKey(**values | {"created_by": "a@example.org"} | given))


@factory(BackupReport)
def make_backup_report(backup=None, **given):
    backup = backup or make_backup()
    return _add(BackupReport(**{"backup_id": backup.id, "log": "copying\n"} | given))


@factory(BackupRoutine)
def make_backup_routine(**given):
    return _add(BackupRoutine(**{"last_day": clock.now().date()} | given))


@factory(HookRun)
def make_hook_run(backup=None, **given):
    return _add(HookRun(**{"backup_id": (backup or make_backup()).id} | given))


@factory(Setting)
def make_setting(**given):
    return _add(Setting(**{"key": f"setting {next(_counter)}", "value": {"a": [1]}} | given))


@factory(Restore)
def make_restore(**given):
    values = {"started_by": "PAGE", "created_by": "boss@example.org", "file_name": "wifiapp.zip"}
    return _add(Restore(**values | given))


@factory(ApiKey)
def make_api_key(business=None, text=None, **given):
    text = text or f"wifi_key-{next(_counter)}"
    values = {
        "business_id": (business or make_business()).id,
        "name": "Till",
        "prefix": text[:11],
        "digest": sha256(text.encode()).hexdigest(),
        "created_by": "a@example.org",
        "may_read": True,
    }
    return _add(ApiKey(**values | given))
