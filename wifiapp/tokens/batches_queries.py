"""Every question asked of the batches of tokens."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots.models import Hotspot
from wifiapp.paging import UNFIT, Page, fetch_page
from wifiapp.tokens.models import UNFINISHED, TokenBatch, WifiToken

PAGE_SIZE = 25
RECENT = 30  # batches that a filter offers
LIVE = ("UNUSED", "SOLD", "ACTIVE")


def list_batches(viewer: Viewer, after: str | None = None) -> Page[Row[Any]]:
    """Return a page of batches with business and hotspot, newest first; raises `BadCursor`."""
    return fetch_page(
        db.session(),
        _details(viewer),
        (TokenBatch.created_at.expression, TokenBatch.id.expression),
        lambda row: (row.TokenBatch.created_at, row.TokenBatch.id),
        after,
        PAGE_SIZE,
    )


def list_recent(viewer: Viewer, wanted: str = "") -> Sequence[TokenBatch]:
    """Return the newest batches, and the wanted one if the viewer may see it."""
    newest = TokenBatch.created_at.desc(), TokenBatch.id.desc()
    batches = _seen(viewer).where(TokenBatch.source != "SPOT")  # a list of one is no help
    recent = list(db.session.scalars(batches.order_by(*newest).limit(RECENT)))
    if wanted and wanted not in {each.id for each in recent} and not UNFIT.search(wanted):
        recent += db.session.scalars(_seen(viewer).where(TokenBatch.id == wanted))
    return recent


def get_batch(batch_id: str, viewer: Viewer | None = None) -> Row[Any]:
    """Return the batch with business and hotspot, or raise `NotFound`."""
    query = _details(viewer).where(TokenBatch.id == batch_id)
    batch = None if UNFIT.search(batch_id) else db.session.execute(query).one_or_none()
    if batch is None:
        raise NotFound("There is no such batch.")
    return batch


def count_by_status(batch_id: str) -> dict[str, int]:
    """Count the tokens of a batch by their status."""
    query = select(WifiToken.status, func.count()).where(WifiToken.batch_id == batch_id)
    return {row[0]: row[1] for row in db.session.execute(query.group_by(WifiToken.status))}


def count_live(viewer: Viewer | None = None) -> int:
    """Count the codes that open the network at the busiest of the viewer's hotspots."""
    query = select(func.count()).where(WifiToken.status.in_(LIVE))
    if viewer is not None and viewer.business_ids is not None:
        query = query.where(WifiToken.business_id.in_(viewer.business_ids))
    counts = query.group_by(WifiToken.hotspot_id).subquery()
    return int(db.session.scalar(select(func.max(counts.c[0]))) or 0)


def is_unfinished(batch: TokenBatch) -> bool:
    """Tell whether more tokens of the batch are to come."""
    return batch.status in UNFINISHED


def _seen(viewer: Viewer | None) -> Select[TokenBatch]:
    query = select(TokenBatch)
    if viewer is None or viewer.business_ids is None:
        return query
    return query.where(TokenBatch.business_id.in_(viewer.business_ids))


def _details(viewer: Viewer | None) -> Select[Any]:
    return (
        _seen(viewer)
        .add_columns(Business, Hotspot)
        .join(Business, Business.id == TokenBatch.business_id)
        .join(Hotspot, Hotspot.id == TokenBatch.hotspot_id)
    )
