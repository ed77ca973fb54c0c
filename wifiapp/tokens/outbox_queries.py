"""Every question asked of what hotspots are to be told."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import Hotspot
from wifiapp.paging import UNFIT, Page, fetch_page, stream
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.outbox_models import HotspotCommand

PAGE_SIZE = 25
Command = HotspotCommand


@dataclass(frozen=True)
class Wanted:
    """Which commands: "" does not narrow."""

    status: str = ""
    hotspot_id: str = ""
    business_id: str = ""
    token_id: str = ""


def list_commands(viewer: Viewer, wanted: Wanted, after: str | None = None) -> Page[Row[Any]]:
    """Return a page of commands with what they are about, newest first; raises `BadCursor`."""
    return fetch_page(
        db.session(),
        _matching(viewer, wanted),
        (Command.created_at.expression, Command.id.expression),
        lambda row: (row.HotspotCommand.created_at, row.HotspotCommand.id),
        after,
        PAGE_SIZE,
    )


def stream_commands(viewer: Viewer, wanted: Wanted) -> Iterator[Row[Any]]:
    """Yield the commands of all pages, in the same order."""
    query = _matching(viewer, wanted).order_by(Command.created_at.desc(), Command.id.desc())
    yield from stream(query)


def get_command(command_id: str, viewer: Viewer) -> Command:
    """Return a command that the viewer may see, or raise `NotFound`."""
    query = _matching(viewer, Wanted()).where(Command.id == command_id)
    found = None if UNFIT.search(command_id) else db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such command.")
    command: Command = found.HotspotCommand
    return command


def find_last_of(token_id: str) -> Command | None:
    """Return the last command about a token, None when there was none."""
    query = select(Command).where(Command.wifi_token_id == token_id)
    query = query.order_by(Command.created_at.desc(), Command.id.desc())
    return db.session.scalars(query.limit(1)).first()


def find_pending_of(hotspot_id: str, mac: str) -> Command | None:
    """Return the command about a device at a hotspot that is not done yet, or None."""
    query = select(Command).where(
        Command.status == "PENDING", Command.hotspot_id == hotspot_id, Command.mac_address == mac
    )
    return db.session.scalar(query)


def count_pending(viewer: Viewer, hotspot_id: str = "") -> int:
    """Count what is not done yet, at all hotspots or at one."""
    some = _matching(viewer, Wanted("PENDING", hotspot_id)).with_only_columns(Command.id)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _matching(viewer: Viewer, wanted: Wanted) -> Select[Any]:
    columns: list[Any] = [
        Command,
        Hotspot.name.label("hotspot"),
        Business.name.label("business"),
        Business.timezone,
        WifiToken.token,
    ]
    query = (
        select(*columns)
        .join(Hotspot, Hotspot.id == Command.hotspot_id)
        .join(Business, Business.id == Command.business_id)
        .outerjoin(WifiToken, WifiToken.id == Command.wifi_token_id)
    )
    if viewer.business_ids is not None:
        query = query.where(Command.business_id.in_(viewer.business_ids))
    for column, value in (
        (Command.status, wanted.status),
        (Command.hotspot_id, wanted.hotspot_id),
        (Command.business_id, wanted.business_id),
        (Command.wifi_token_id, wanted.token_id),
    ):
        query = query.where(column == value) if value else query
    return query
