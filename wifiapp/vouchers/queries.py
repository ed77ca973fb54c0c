"""Every question asked about vouchers: the unsold tokens of a batch, in the order of a sheet."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from wifiapp.db import db
from wifiapp.hotspots.models import HotspotBusiness
from wifiapp.tokens.models import TokenBatch, WifiToken

PER_SHEET = 24


def count_vouchers(batch_id: str, *, new_only: bool) -> int:
    """Count the vouchers of a batch, or those that were not printed yet."""
    some = _unsold(batch_id, new_only=new_only).with_only_columns(WifiToken.id).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def list_sheet(batch_id: str, sheet: int, *, new_only: bool) -> Sequence[Row[Any]]:
    """Return the vouchers of one sheet, which count from 1."""
    query = _unsold(batch_id, new_only=new_only).offset((sheet - 1) * PER_SHEET)
    return db.session.execute(query.limit(PER_SHEET)).all()


def list_vouchers(batch_id: str, *, new_only: bool) -> Sequence[Row[Any]]:
    """Return the vouchers of all sheets."""
    return db.session.execute(_unsold(batch_id, new_only=new_only)).all()


def find_ssid(batch: TokenBatch) -> str:
    """Return the network that the vouchers of a batch are for, "" where it is not known."""
    query = select(HotspotBusiness.ssid).filter_by(
        hotspot_id=batch.hotspot_id, business_id=batch.business_id
    )
    return db.session.scalar(query) or ""


def _unsold(batch_id: str, *, new_only: bool) -> Select[Any]:
    columns: list[Any] = [WifiToken.id, WifiToken.token, WifiToken.printed_at]
    query = select(*columns).where(WifiToken.batch_id == batch_id, WifiToken.status == "UNUSED")
    if new_only:
        query = query.where(WifiToken.printed_at.is_(None))
    return query.order_by(WifiToken.created_at, WifiToken.id)
