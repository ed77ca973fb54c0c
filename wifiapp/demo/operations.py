"""The demo shops come, stay alive and go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import (
    CursorResult,
    Delete,
    Update,
    case,
    delete,
    func,
    inspect,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from wifiapp.access import Actor
from wifiapp.analytics.models import RollupMark
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.db import Model, db
from wifiapp.demo.belongings import is_demo, owned_tables, parts_of, shared_tables, used_by
from wifiapp.demo.queries import has_demo, list_demo_names, list_shared_with_real
from wifiapp.demo.story import HELD, tell
from wifiapp.devices.models import DeviceSession, WifiTokenDevice
from wifiapp.errors import WifiError
from wifiapp.hotspots.models import Hotspot, HotspotBusiness
from wifiapp.tokens.models import WifiToken


class DemoInUse(WifiError):
    """Something real stands on the demo data."""


@dataclass(frozen=True)
class Outcome:
    """What a load or removal did: rows by table, and whether anything was to be done."""

    changed: bool
    businesses: list[str]
    rows: dict[str, int]


def load_demo(actor: Actor, now: datetime) -> Outcome:
    """Add the demo shops with their last six months; nothing when they are there already."""
    _lock()
    if has_demo():
        outcome = Outcome(changed=False, businesses=list(list_demo_names()), rows={})
        db.session.commit()
        return outcome
    rows = tell(now)
    for table in Model.metadata.sorted_tables:
        for model in rows:
            if model.__table__ is table:
                _copy(model, rows[model])
                _measure([table.name])  # the next one's foreign keys are looked up in it
    counts = {model.__tablename__: len(rows[model]) for model in rows}
    names = list(list_demo_names())
    record(actor, "demo.load", "demo", change={"businesses": names, "rows": sum(counts.values())})
    db.session.commit()
    return Outcome(changed=True, businesses=names, rows=counts)


def remove_demo(actor: Actor) -> Outcome:
    """Remove the demo shops and all that belongs to them; raise `DemoInUse` when a shop does.

    Nothing of a real business is touched: where one uses what a demo shop uses, nothing goes.
    """
    _lock()
    names = list(list_demo_names())
    if not names:
        db.session.commit()
        return Outcome(changed=False, businesses=[], rows={})
    if shared := list_shared_with_real():
        raise DemoInUse(
            f"A real business uses what the demo shops use: {', '.join(shared)}. Nothing was "
            "removed. Give that business a hotspot of its own, then remove the demo again."
        )
    try:
        counts = _delete_demo()
    except IntegrityError as error:
        db.session.rollback()
        raise DemoInUse(_explained(error)) from error
    record(actor, "demo.remove", "demo", change={"businesses": names, "rows": sum(counts.values())})
    db.session.commit()
    return Outcome(changed=True, businesses=names, rows=counts)


def keep_demo_alive(now: datetime) -> int:
    """Let the demo's answering hotspots and their online devices be seen at `now`.

    What a poll does for real hotspots: tokens whose time is over expire, their sessions end.
    Returns how many devices are online, 0 too while somebody else is at the demo. It leaves no
    audit entry, since nobody changed anything.
    """
    alive = _alive_hotspots() if _try_lock() else []
    if not alive:
        db.session.commit()
        return 0
    _change(update(Hotspot).where(Hotspot.id.in_(alive)).values(last_contact_at=now))
    _expire(now)
    held = select(func.count()).where(
        WifiToken.hotspot_id == Hotspot.id, WifiToken.status.in_(HELD)
    )
    room = func.greatest(0, Hotspot.max_tokens - held.scalar_subquery())
    _change(
        update(Hotspot)
        .where(Hotspot.id.in_(alive))
        .values(free_slots=case((Hotspot.max_tokens.is_not(None), room)))
    )
    online = _change(
        update(WifiTokenDevice)
        .where(
            WifiTokenDevice.is_online,
            WifiTokenDevice.wifi_token_id == WifiToken.id,
            WifiToken.hotspot_id.in_(alive),
        )
        .values(last_seen=now)
    )
    db.session.commit()
    return online


LOCK = func.hashtext("wifiapp demo")


def _lock() -> None:
    """Wait until nobody else changes the demo."""
    db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def _try_lock() -> bool:
    """Tell whether nobody else changes the demo, and keep it so."""
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))))


def _copy(model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Add the rows by COPY, which takes a tenth of the time of INSERT."""
    columns = inspect(model).columns
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model.__tablename__),
        sql.SQL(", ").join(sql.Identifier(columns[name].name) for name in rows[0]),
    )
    connection = db.session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - the only driver
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


def _measure(tables: Iterable[str]) -> None:
    """Let the planner know how large the tables are by now: guessing can take it minutes.

    It also forgets what this connection had planned for them while they were small.
    """
    names = ", ".join(f'"{name}"' for name in tables)
    db.session.execute(text(f"ANALYZE {names}"))


def _delete_demo() -> dict[str, int]:
    """Delete what belongs to the demo businesses, children first; return rows by table."""
    _measure(table.name for table in owned_tables())
    shared = {
        table: db.session.scalars(select(table.c.id).where(used_by(columns, demo=True))).all()
        for table, columns in shared_tables().items()
    }
    shops = db.session.scalars(select(Business.id).where(Business.is_demo)).all()
    counts = {}
    for table in owned_tables():
        condition = is_demo(table)
        assert condition is not None  # noqa: S101 - that is what makes a table owned
        counts[table.name] = _change(delete(table).where(condition))
    for table, ids in shared.items():
        for column in parts_of(table):
            counts[column.table.name] = _change(delete(column.table).where(column.in_(ids)))
        counts[table.name] = _change(delete(table).where(table.c.id.in_(ids)))
    _change(delete(RollupMark).where(RollupMark.business_id.in_(shops)))  # left by all that
    return counts


def _explained(error: IntegrityError) -> str:
    table = getattr(getattr(error.orig, "diag", None), "table_name", None) or "another table"
    return (
        f"Rows of a real business in {table} stand on demo data. Nothing was removed. "
        "Remove or change those rows, then remove the demo again."
    )


def _alive_hotspots() -> Sequence[str]:
    """Return the ids of answering hotspots that serve demo shops and no other business."""
    serves_real = (
        select(HotspotBusiness.id)
        .join(Business, Business.id == HotspotBusiness.business_id)
        .where(HotspotBusiness.hotspot_id == Hotspot.id, ~Business.is_demo)
    )
    query = (
        select(Hotspot.id)
        .join(HotspotBusiness, HotspotBusiness.hotspot_id == Hotspot.id)
        .join(Business, Business.id == HotspotBusiness.business_id)
        .where(Business.is_demo, Hotspot.status == "OK", Hotspot.is_active, ~serves_real.exists())
        .distinct()
    )
    return db.session.scalars(query).all()


def _expire(now: datetime) -> None:
    """End the demo's tokens whose time is over, and the sessions they carried.

    A session is over when its token is, or when its hotspot was last heard of before that.
    """
    online = select(WifiTokenDevice.wifi_token_id).where(WifiTokenDevice.is_online)
    over = (
        select(WifiToken.id, func.least(WifiToken.expires_at, Hotspot.last_contact_at).label("at"))
        .join(Business, Business.id == WifiToken.business_id)
        .join(Hotspot, Hotspot.id == WifiToken.hotspot_id)
        .where(Business.is_demo, WifiToken.expires_at <= now)
        # The worker may have expired it already, but it knows nothing of devices.
        .where(or_(WifiToken.status == "ACTIVE", WifiToken.id.in_(online)))
        .cte("over")
    )
    _change(
        update(WifiToken)
        .where(WifiToken.id == over.c.id, WifiToken.status == "ACTIVE")
        .values(status="EXPIRED")
    )
    ended = func.greatest(DeviceSession.started_at, over.c.at)
    _change(
        update(DeviceSession)
        .where(
            DeviceSession.ended_at.is_(None),
            DeviceSession.wifi_token_device_id == WifiTokenDevice.id,
            WifiTokenDevice.wifi_token_id == over.c.id,
        )
        .values(ended_at=ended, end_reason="EXPIRED")
    )
    _change(
        update(WifiTokenDevice)
        .where(WifiTokenDevice.is_online, WifiTokenDevice.wifi_token_id == over.c.id)
        .values(is_online=False, current_ip=None, last_seen=over.c.at)
    )


def _change(statement: Update | Delete) -> int:
    """Run the statement past the session's objects and return how many rows it met."""
    result = db.session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
