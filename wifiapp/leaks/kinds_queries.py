"""Which tokens leak: for each kind the moment at which one does, and the rows.

All have the same columns. Where there is a sale, its seller and channel stand for the leak: for
a token without one they are those of its last sale that was voided, if it had any.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Interval,
    Numeric,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from wifiapp.columns import UtcDateTime
from wifiapp.devices.models import WifiTokenDevice as Device
from wifiapp.hotspots.models import Hotspot, HotspotOutage, PresenceKey
from wifiapp.hotspots.telling import tells
from wifiapp.leaks.kinds import GRACE, OVERTIME, PATIENCE, PRICE, TWICE, UNSOLD, UNUSED, VANISHED
from wifiapp.sales.models import WifiTokenSale as Sale
from wifiapp.tokens.models import WifiToken as Token

Part = tuple[SQLColumnExpression[Any], Select[Any]]
NO_TEXT, NO_MOMENT = cast(null(), Text), cast(null(), UtcDateTime)


def used_unsold(_now: datetime) -> list[Part]:
    """Select tokens that were used and have no sale but, at most, void ones."""
    void, device = _last_void(), aliased(Device)
    earlier = aliased(Device)
    is_first = ~exists().where(
        earlier.wifi_token_id == Token.id,
        tuple_(earlier.first_seen, earlier.id) < tuple_(device.first_seen, device.id),
    )
    parts: list[Part] = []
    for at in (Token.first_used_at, device.first_seen):
        query = select(
            *_columns(Token.id, at, Token.price, void, void.void_reason, void.voided_at)
        ).select_from(Token)
        if at is device.first_seen:  # its hotspot has not said when it was used first
            query = query.join(device, device.wifi_token_id == Token.id)
            query = query.where(Token.first_used_at.is_(None), is_first)
        parts.append((at, query.outerjoin(void, true()).where(~_is_sold())))
    return parts


def sold_unused(now: datetime) -> list[Part]:
    """Select tokens not used a day after their sale, although their hotspot was heard of since."""
    day_after = Sale.sold_at + literal(PATIENCE, Interval())
    query = (
        select(*_columns(Sale.id, Sale.sold_at, Sale.sale_amount, Sale, NO_TEXT, NO_MOMENT))
        .select_from(Sale)
        .join(Token, Token.id == Sale.wifi_token_id)
        .join(Hotspot, Hotspot.id == Token.hotspot_id)
        .where(
            Sale.voided_at.is_(None),
            Sale.sold_at <= now - PATIENCE,
            *_unused(),
            tells(),  # else nothing tells that its tokens are used
            or_(Hotspot.is_manual.is_(False), _told_all_along(now)),
            Hotspot.last_contact_at >= day_after,
        )
    )
    return [(Sale.sold_at, query)]


def sold_twice(_now: datetime) -> list[Part]:
    """Select void sales whose token was sold again, in the moment of the next sale."""
    later = (
        select(Sale.sold_at.label("at"))
        .where(
            Sale.wifi_token_id == Token.id,
            tuple_(Sale.sold_at, Sale.id) > tuple_(_VOID.sold_at, _VOID.id),
        )
        .order_by(Sale.sold_at)
        .limit(1)
        .correlate(Token, _VOID)
        .lateral("later")
    )
    at, first = later.c.at, _VOID
    query = (
        select(
            *_columns(first.id, at, first.sale_amount, first, first.void_reason, first.voided_at)
        )
        .select_from(_VOID)
        .join(Token, Token.id == _VOID.wifi_token_id)
        .join(later, true())
        .where(_VOID.voided_at.is_not(None))
    )
    return [(at, query)]


def wrong_price(_now: datetime) -> list[Part]:
    """Select sales that are not what the token cost when it was made; what is missing is more."""
    missing = Token.price - Sale.sale_amount
    query = (
        select(*_columns(Sale.id, Sale.sold_at, missing, Sale, Sale.gift_reason, NO_MOMENT))
        .select_from(Sale)
        .join(Token, Token.id == Sale.wifi_token_id)
        .where(Sale.voided_at.is_(None), Sale.sale_amount != Token.price)
    )
    return [(Sale.sold_at, query)]


def overtime(_now: datetime) -> list[Part]:
    """Select tokens of which a device was online after they had ended, when it was last seen."""
    end = func.least(Token.expires_at, Token.ended_at, type_=UtcDateTime())
    later = aliased(Device)
    is_last = ~exists().where(
        later.wifi_token_id == Token.id,
        tuple_(later.last_seen, later.id) > tuple_(Device.last_seen, Device.id),
    )
    of_token = and_(Sale.wifi_token_id == Token.id, Sale.voided_at.is_(None))
    query = (
        select(*_columns(Token.id, Device.last_seen, Token.price, Sale, Token.end_reason, end))
        .select_from(Device)
        .join(Token, Token.id == Device.wifi_token_id)
        .outerjoin(Sale, of_token)
        .where(Device.last_seen > end + literal(GRACE, Interval()), is_last)
    )
    return [(Device.last_seen, query)]


def vanished(_now: datetime) -> list[Part]:
    """Select tokens that ended without a use and have no sale but, at most, void ones."""
    void = _last_void()
    at = func.coalesce(Token.ended_at, Token.expires_at, Token.redeem_by, Token.updated_at)
    query = (
        select(*_columns(Token.id, at, Token.price, void, Token.end_reason, void.voided_at))
        .select_from(Token)
        .outerjoin(void, true())
        .where(Token.status.in_(("EXPIRED", "DISABLED")), *_unused(), ~_is_sold())
    )
    return [(at, query)]


SELECTS: Mapping[str, Callable[[datetime], list[Part]]] = {
    UNSOLD: used_unsold,
    UNUSED: sold_unused,
    TWICE: sold_twice,
    PRICE: wrong_price,
    OVERTIME: overtime,
    VANISHED: vanished,
}

_VOID = aliased(Sale, name="void")


def _columns(row_id: Any, at: Any, amount: Any, sale: Any, reason: Any, since: Any) -> list[Any]:
    """Return the columns of a leak; `since` is the other moment that tells of it."""
    return [
        row_id.label("id"),
        Token.id.label("token_id"),
        Token.business_id.label("business_id"),
        at.label("at"),
        since.label("since"),
        cast(amount, Numeric(12, 2)).label("amount"),
        sale.sale_amount.label("paid"),
        func.coalesce(sale.sold_by, sale.sold_with).label("seller_id"),
        sale.sale_channel.label("channel"),
        reason.label("reason"),
    ]


def _last_void() -> Any:
    """Return the last void sale of each token."""
    query = select(Sale).where(Sale.wifi_token_id == Token.id, Sale.voided_at.is_not(None))
    query = query.order_by(Sale.voided_at.desc(), Sale.id).limit(1).correlate(Token)
    return aliased(Sale, query.lateral("void"))


def _is_sold() -> ColumnElement[bool]:
    sale = aliased(Sale)
    return exists().where(sale.wifi_token_id == Token.id, sale.voided_at.is_(None))


def _told_all_along(now: datetime) -> ColumnElement[bool]:
    """Ask whether the portal has pushed since the sale: it tells of nobody who has left.

    What a silence hides is a use of all of a token's time, which is no longer than it.
    """
    began = exists().where(
        PresenceKey.hotspot_id == Hotspot.id, PresenceKey.created_at <= Sale.sold_at
    )
    end = func.coalesce(HotspotOutage.ended_at, literal(now, UtcDateTime))
    silence = end - func.greatest(HotspotOutage.started_at, Sale.sold_at)
    was_silent = exists().where(
        HotspotOutage.hotspot_id == Hotspot.id,
        silence >= Token.duration_minutes * literal(timedelta(minutes=1), Interval()),
    )
    return and_(began, ~was_silent)


def _unused() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return two conditions, so that each narrows by itself: neither a use nor a device."""
    device = aliased(Device)
    return Token.first_used_at.is_(None), ~exists().where(device.wifi_token_id == Token.id)
