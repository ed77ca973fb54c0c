"""Tokens in use that are not ours: taken in, so that it is seen who is online with them.

Somebody made them on the device itself. One that is used and has a business and a plan of the
same time becomes a token of that plan, used and never sold, which the leak finder names. One
that is not used stays out of stock: nobody knows whether it is printed, or sold elsewhere.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from wifiapp.access import WORKER
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.hotspots.driver import SeenToken, Sighting
from wifiapp.hotspots.models import Hotspot
from wifiapp.polling.queries import served_by
from wifiapp.polling.state import Token
from wifiapp.tokens.batches import TERMS
from wifiapp.tokens.models import TokenBatch, TokenConfiguration, WifiToken

LONGEST_CODE = 32


def adopt(hotspot: Hotspot, sighting: Sighting, known: Mapping[str, Token]) -> int:
    """Add rows for the used tokens that nobody knows; return how many they are."""
    unknown = [
        token
        for token in sighting.tokens
        if token.state == "ACTIVE" and token.code not in known and len(token.code) <= LONGEST_CODE
    ]
    if not unknown or _is_being_made(hotspot):
        return 0
    served = served_by(hotspot.id)
    found = [(token, plan) for token in unknown if (plan := _plan(hotspot, token, served))]
    for token, plan in found:
        _add(hotspot, token, plan, sighting.at)
    db.session.flush()
    return len(found)


def owner(token: SeenToken, served: Mapping[str, str | None]) -> str | None:
    """Return whose token it is: as it says itself, by its network, or as there is only one."""
    if token.business_id in served:
        return token.business_id
    on_it = [business for business, ssid in served.items() if ssid and ssid == token.ssid]
    candidates = on_it or list(served)
    return candidates[0] if len(candidates) == 1 and not token.business_id else None


def _is_being_made(hotspot: Hotspot) -> bool:
    """Tell whether tokens may be on the hotspot of which we do not know yet that they are ours."""
    query = select(TokenBatch.id).where(
        TokenBatch.hotspot_id == hotspot.id, TokenBatch.called_at.is_not(None)
    )
    return db.session.scalar(query.limit(1)) is not None


def _plan(
    hotspot: Hotspot, token: SeenToken, served: Mapping[str, str | None]
) -> TokenConfiguration | None:
    """Return the owner's plan of the same time, one on offer before others."""
    query = (
        select(TokenConfiguration)
        .where(TokenConfiguration.business_id == owner(token, served))
        .where(TokenConfiguration.system == hotspot.system)
        .where(TokenConfiguration.duration_minutes == token.minutes)
        .order_by(
            TokenConfiguration.is_active.desc(),
            TokenConfiguration.sort_order,
            TokenConfiguration.price,
            TokenConfiguration.id,
        )
    )
    return db.session.scalars(query.limit(1)).first()


def _add(hotspot: Hotspot, seen: SeenToken, plan: TokenConfiguration, at: datetime) -> None:
    token = WifiToken(
        business_id=plan.business_id,
        hotspot_id=hotspot.id,
        token_config_id=plan.id,
        system=plan.system,
        token=seen.code,
        device_name=seen.name,
        plan_name=plan.name,
        created_at=min(seen.created_at or at, at),
        **{name: getattr(plan, name) for name in TERMS if name != "plan_name"},
    )
    db.session.add(token)
    db.session.flush()
    change = {"token": seen.code, "plan": plan.name, "hotspot": hotspot.name}
    record(WORKER, "token.adopt", "token", token.id, business_id=plan.business_id, change=change)
