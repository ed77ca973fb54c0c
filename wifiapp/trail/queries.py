"""Every question asked about the life of one token, which the caller may see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import aliased

from wifiapp.audit.models import AuditLog
from wifiapp.auth.models import User
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, DeviceSession, WifiTokenDevice
from wifiapp.sales.models import WifiTokenSale

SHOWN = 100  # sessions, the latest


def list_sales(token_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the sales of a token with who made and who voided them, the latest first."""
    voider = aliased(User)
    query = (
        select(
            WifiTokenSale,
            func.coalesce(User.email, WifiTokenSale.sold_with).label("seller"),
            func.coalesce(voider.email, WifiTokenSale.voided_with).label("voider"),
        )
        .outerjoin(User, User.id == WifiTokenSale.sold_by)
        .outerjoin(voider, voider.id == WifiTokenSale.voided_by)
        .where(WifiTokenSale.wifi_token_id == token_id)
        .order_by(WifiTokenSale.sold_at.desc(), WifiTokenSale.id)
    )
    return db.session.execute(query).all()


def list_devices(token_id: str, business_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the devices that used a token, the first one first, with what they are called."""
    profile = and_(
        DeviceProfile.mac_address == WifiTokenDevice.mac_address,
        DeviceProfile.business_id == business_id,
    )
    query = (
        select(WifiTokenDevice, DeviceProfile.hostname, DeviceProfile.device_type)
        .outerjoin(DeviceProfile, profile)
        .where(WifiTokenDevice.wifi_token_id == token_id)
        .order_by(WifiTokenDevice.first_seen, WifiTokenDevice.id)
    )
    return db.session.execute(query).all()


def list_sessions(token_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the latest sessions of all devices of a token, newest first."""
    query = (
        select(DeviceSession, WifiTokenDevice.mac_address, WifiTokenDevice.last_seen)
        .join(WifiTokenDevice, WifiTokenDevice.id == DeviceSession.wifi_token_device_id)
        .where(WifiTokenDevice.wifi_token_id == token_id)
        .order_by(DeviceSession.started_at.desc(), DeviceSession.id)
        .limit(SHOWN)
    )
    return db.session.execute(query).all()


def list_changes(token_id: str) -> Sequence[AuditLog]:
    """Return what people did to a token, as the audit log has it, the first change first."""
    query = select(AuditLog).where(AuditLog.entity == "token", AuditLog.entity_id == token_id)
    return db.session.scalars(query.order_by(AuditLog.at, AuditLog.id)).all()
