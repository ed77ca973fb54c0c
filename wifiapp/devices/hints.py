"""What may be abuse, as conditions on a device: a person decides whether it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from wifiapp.columns import UtcDateTime
from wifiapp.devices.models import WifiTokenDevice
from wifiapp.tokens.models import WifiToken

MANY = 5  # tokens from one MAC address
WITHIN = timedelta(days=7)
GRACE = timedelta(minutes=5)  # a hotspot may throw a device off a little late

MANY_TOKENS, TOO_MANY, PAST_EXPIRY = "many-tokens", "too-many", "past-expiry"
HINTS = (PAST_EXPIRY, TOO_MANY, MANY_TOKENS)


def conditions(now: datetime) -> Mapping[str, ColumnElement[bool]]:
    """Say of a device with its token whether the hint is about it."""
    return {
        PAST_EXPIRY: _is_past_expiry(now),
        TOO_MANY: _has_too_many_beside_it(),
        MANY_TOKENS: _has_many_tokens(now),
    }


def _is_past_expiry(now: datetime) -> ColumnElement[bool]:
    over = literal(now - GRACE, UtcDateTime)
    ended = or_(
        and_(WifiToken.status == "ACTIVE", WifiToken.expires_at < over),
        and_(WifiToken.status == "EXPIRED", func.coalesce(WifiToken.expires_at, over) <= over),
        and_(WifiToken.status == "DISABLED", WifiToken.ended_at < over),
    )
    return and_(WifiTokenDevice.is_online, ended)


def _has_too_many_beside_it() -> ColumnElement[bool]:
    """Tell that more devices are online with the token than its plan allows."""
    beside = aliased(WifiTokenDevice)
    online = (
        select(func.count())
        .where(beside.wifi_token_id == WifiToken.id, beside.is_online)
        .correlate(WifiToken)
        .scalar_subquery()
    )
    return and_(WifiTokenDevice.is_online, online > WifiToken.device_limit)


def _has_many_tokens(now: datetime) -> ColumnElement[bool]:
    """Tell that this MAC address came with many tokens of the business within a week."""
    since = literal(now - WITHIN, UtcDateTime)
    device, token, any_one = aliased(WifiTokenDevice), aliased(WifiToken), aliased(WifiTokenDevice)
    # Few come so often at all: only they are looked up with their tokens.
    often = (
        select(any_one.mac_address)
        .where(any_one.first_seen >= since)
        .group_by(any_one.mac_address)
        .having(func.count() >= MANY)
    )
    busy = (
        select(token.business_id, device.mac_address)
        .join(token, token.id == device.wifi_token_id)
        .where(device.first_seen >= since, device.mac_address.in_(often))
        .group_by(token.business_id, device.mac_address)
        .having(func.count() >= MANY)
    )
    return and_(
        WifiTokenDevice.first_seen >= since,
        tuple_(WifiToken.business_id, WifiTokenDevice.mac_address).in_(busy),
    )
