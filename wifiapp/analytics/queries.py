"""Every question the pages ask of the roll-ups, and of the rows for what is not rolled up.

Each is bounded by the periods of a `Grid` and answered by one statement. A place is the number of
a slot of the grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Select,
    SQLColumnExpression,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from wifiapp.analytics import slots
from wifiapp.analytics.grid import Grid
from wifiapp.analytics.models import LONGER, RollupState, WifiUsageAnalytics
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.devices.models import DeviceProfile, WifiTokenDevice
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.models import WifiToken

Rollup = WifiUsageAnalytics


@dataclass(frozen=True)
class Scope:
    """Which shops, and which system ("" is both); sales may be narrowed to those of one seller.

    `is_everything` means the roll-ups of all shops together, in which a device that was seen in
    two of them counts once.
    """

    business_ids: Sequence[str]
    system: str = ""
    is_everything: bool = False
    sold_by: str | None = None


class Cell(NamedTuple):
    """The additive measures of a period, a system and a currency, of all shops of the scope.

    `down` and `up` are MB.
    """

    place: int
    system: str
    currency: str
    connections: int
    generated: int
    sold: int
    used: int
    expired: int
    revenue: Decimal
    down: Decimal
    up: Decimal

    @property
    def volume(self) -> Decimal:
        """Return what went down and up."""
        return self.down + self.up


class Amount(NamedTuple):
    """What a channel sold in a period: sales less voids, each at its own moment."""

    place: int
    channel: str
    currency: str
    quantity: int
    amount: Decimal


MEASURES = (
    Rollup.total_connections,
    Rollup.tokens_generated,
    Rollup.tokens_sold,
    Rollup.tokens_used,
    Rollup.tokens_expired,
    Rollup.total_revenue,
    Rollup.total_bandwidth_down,
    Rollup.total_bandwidth_up,
)


def sum_rollups(scope: Scope, grid: Grid) -> list[Cell]:
    """Add up the roll-ups of the shops."""
    groups = (Business.timezone, slots.bucket(Rollup.period_start, grid), Rollup.system)
    query = (
        _rollups(scope, grid)
        .with_only_columns(*groups, Business.currency, *(func.sum(it) for it in MEASURES))
        .group_by(*groups, Business.currency)
    )
    rows = db.session.execute(query)
    return [Cell(grid.places[zone][bucket - 1], *rest) for zone, bucket, *rest in rows]


def sum_by_business(scope: Scope, grid: Grid) -> dict[str, Cell]:
    """Add up the whole grid by the id of the business."""
    columns: list[Any] = [Rollup.business_id, Business.currency]
    query = _rollups(scope, grid).with_only_columns(*columns, *(func.sum(it) for it in MEASURES))
    rows = db.session.execute(query.group_by(*columns))
    return {row[0]: Cell(0, "", *row[1:]) for row in rows}


def sum_devices(scope: Scope, grid: Grid) -> list[int]:
    """Return the devices seen in each slot: of each shop and system its own, added up."""
    query = _seen(scope, grid, func.sum(Rollup.unique_devices))
    return slots.by_place(grid, db.session.execute(query))


def sum_device_types(scope: Scope, grid: Grid) -> dict[str, list[int]]:
    """Return the devices seen in each slot by their type."""
    pair = func.jsonb_each_text(Rollup.device_type_stats).table_valued("key", "value")
    query = _seen(scope, grid, pair.c.key, func.sum(cast(pair.c.value, Integer)))
    query = query.join(pair, literal_column("true")).group_by(pair.c.key)
    found: dict[str, list[int]] = {}
    for zone, bucket, kind, number in db.session.execute(query):
        numbers = found.setdefault(kind, [0] * len(grid.slots))
        numbers[grid.places[zone][bucket - 1]] += number
    return found


def sum_hours(scope: Scope, grid: Grid, until: datetime) -> dict[tuple[int, int], int]:
    """Return the connections begun before, by weekday (Monday is 0) and hour of the shops."""
    hours = _rollups(scope, grid, "hour").where(Rollup.period_start < slots.moment(until))
    each: list[Any] = [Business.timezone.label("timezone"), Rollup.period_start.label("at")]
    connections = func.sum(Rollup.total_connections).label("connections")
    found = hours.with_only_columns(*each, connections).group_by(*each).subquery().c
    local = func.timezone(found.timezone, func.timezone("UTC", found.at))  # once an hour and zone
    groups = (cast(func.extract("isodow", local), Integer) - 1, func.extract("hour", local))
    rows = db.session.execute(select(*groups, func.sum(found.connections)).group_by(*groups))
    return {(day, int(hour)): int(number) for day, hour, number in rows}


def find_first_data(scope: Scope) -> datetime | None:
    """Return the moment from which there are roll-ups of the shops."""
    query = _within(select(func.min(Rollup.period_start)), scope)
    first: datetime | None = db.session.scalar(query.where(Rollup.period_type == "day"))
    return first


def find_rolled_up_to(scope: Scope, unit: str) -> datetime | None:
    """Return the moment of which all the shops' roll-ups are true, None before the first.

    Weeks and months follow hours and days.
    """
    stamp = RollupState.longer_to if unit in LONGER else RollupState.rolled_up_to
    query = select(func.min(stamp))
    shops: ColumnElement[bool] = RollupState.business_id.in_(scope.business_ids)
    if scope.is_everything:
        shops = or_(shops, RollupState.business_id.is_(None))
    moment: datetime | None = db.session.scalar(query.where(shops))
    return moment


def sum_channels(scope: Scope, grid: Grid) -> list[Amount]:
    """Add up the sales and voids by channel, as the sales page does."""
    lines = union_all(
        _sold(scope, grid, WifiTokenSale.sold_at, 1),
        _sold(scope, grid, WifiTokenSale.voided_at, -1),
    ).subquery()
    groups = [Business.timezone, lines.c.bucket, lines.c.channel, Business.currency]
    query = (
        select(*groups, cast(func.sum(lines.c.quantity), Integer), func.sum(lines.c.amount))
        .join(Business, Business.id == lines.c.business_id)
        .where(Business.id.in_(scope.business_ids))
        .group_by(*groups)
    )
    rows = db.session.execute(query)
    return [Amount(grid.places[zone][bucket - 1], *rest) for zone, bucket, *rest in rows]


def count_newcomers(scope: Scope, grid: Grid) -> list[int]:
    """Return the devices that came for the first time ever in each slot.

    New to its shop, or to all of the shops where everything counts together; of one system those
    that came there first.
    """
    shop = DeviceProfile.business_id
    columns: list[Any] = [
        Business.timezone.label("timezone"),
        DeviceProfile.mac_address.label("mac"),
        DeviceProfile.created_at.label("first"),
        (literal("") if scope.is_everything else shop).label("shop"),
    ]
    came = select(*columns).join(Business, Business.id == shop)
    came = came.where(shop.in_(scope.business_ids))
    if scope.is_everything:
        each = came.subquery().c
        earliest = (func.min(column).label(column.name) for column in (each.first, each.shop))
        came = select(func.min(each.timezone).label("timezone"), each.mac, *earliest)
        came = came.group_by(each.mac)
    found = came.subquery().c
    bucket = slots.bucket(found.first, grid, found.timezone)
    query = select(found.timezone, bucket, func.count()).group_by(found.timezone, bucket)
    query = query.where(slots.inside(found.first, grid, found.timezone))
    if scope.system:
        query = query.where(_came_first_to(scope, found))
    return slots.by_place(grid, db.session.execute(query))


def _came_first_to(scope: Scope, found: Any) -> ColumnElement[bool]:
    """Ask whether the first token that a device came with was of the system."""
    shop = WifiToken.business_id
    is_own = shop.in_(scope.business_ids) if scope.is_everything else shop == found.shop
    return exists().where(
        WifiTokenDevice.mac_address == found.mac,
        WifiTokenDevice.first_seen <= found.first,
        WifiToken.id == WifiTokenDevice.wifi_token_id,
        WifiToken.system == scope.system,
        is_own,
    )


def _rollups(scope: Scope, grid: Grid, unit: str = "") -> Select[Any]:
    """Select the roll-ups of the shops, one by one, in the periods of the grid."""
    query = select(Rollup.id).join(Business, Business.id == Rollup.business_id)
    query = query.where(Rollup.period_type == (unit or grid.unit))
    return _within(query.where(slots.inside(Rollup.period_start, grid)), scope)


def _seen(scope: Scope, grid: Grid, *columns: Any) -> Select[Any]:
    """Select zone, bucket and sums of the roll-ups that count devices as the scope wants it."""
    if not scope.is_everything:
        groups = (Business.timezone, slots.bucket(Rollup.period_start, grid))
        return _rollups(scope, grid).with_only_columns(*groups, *columns).group_by(*groups)
    (zone,) = grid.starts
    bucket = slots.bucket(Rollup.period_start, grid, literal(zone))
    query = select(literal(zone), bucket, *columns).group_by(bucket)
    query = query.where(Rollup.business_id.is_(None), Rollup.period_type == grid.unit)
    query = query.where(slots.widest(Rollup.period_start, grid))
    return query.where(Rollup.system == scope.system) if scope.system else query


def _within(query: Select[Any], scope: Scope) -> Select[Any]:
    query = query.where(Rollup.business_id.in_(scope.business_ids))
    return query.where(Rollup.system == scope.system) if scope.system else query


def _sold(scope: Scope, grid: Grid, moment: SQLColumnExpression[Any], sign: int) -> Select[Any]:
    """Add up the sales, or the voids, of each shop.

    Nothing is joined that need not be: over a year's sales the sums take less time than a join.
    """
    sale, number = WifiTokenSale, literal_column(str(sign), Integer)
    groups: list[Any] = [
        sale.business_id,
        slots.bucket(moment, grid).label("bucket"),
        sale.sale_channel.label("channel"),
    ]
    query: Select[Any] = select(
        *groups,
        (number * func.count()).label("quantity"),
        cast(number * func.sum(sale.sale_amount), Numeric(14, 2)).label("amount"),
    ).where(slots.inside(moment, grid))
    if not scope.is_everything:  # else nearly all are wanted, and no index is of use
        query = query.where(sale.business_id.in_(scope.business_ids))
    if len(grid.starts) > 1:
        query = query.join(Business, Business.id == sale.business_id)
    if scope.sold_by:
        query = query.where(sale.sold_by == scope.sold_by)
    if scope.system:
        is_own = WifiToken.id == sale.wifi_token_id
        query = query.join(WifiToken, is_own).where(WifiToken.system == scope.system)
    return query.group_by(*groups)
