"""When the hotspots of the shops told nothing, and so nobody knows who was online."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, literal, or_, select

from wifiapp.analytics.grid import Grid
from wifiapp.analytics.queries import Scope
from wifiapp.analytics.silences import Span, shared, united
from wifiapp.columns import UtcDateTime
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot, HotspotBusiness, HotspotOutage
from wifiapp.hotspots.telling import tells


@dataclass(frozen=True)
class Silences:
    """Spans without data: `partly` some of the numbers lack, in `wholly` there are none.

    `by_hotspot` has, by name, the spans of each hotspot that was silent.
    """

    partly: Sequence[Span] = ()
    wholly: Sequence[Span] = ()
    by_hotspot: Sequence[tuple[str, Sequence[Span]]] = ()


def find_silences(scope: Scope, grid: Grid, now: datetime) -> Silences:
    """Return what is missing in the periods of the grid.

    A shop misses something while all its hotspots of one system are silent, and everything while
    all of them are. Several shops together miss something only while all are silent.
    """
    spans: dict[tuple[str, str, str, str], list[Span]] = defaultdict(list)
    for business_id, system, hotspot_id, name, start, end in _rows(scope, grid, now):
        own = spans[business_id, system, hotspot_id, name]
        if start is not None:
            own.append((start, end))
    groups = {key[:2] for key in spans}
    silent = [
        shared(own for key, own in spans.items() if key[:2] == group) for group in sorted(groups)
    ]
    wholly = shared(silent)
    is_one = len({business_id for business_id, _system in groups}) == 1
    partly = united(span for each in silent for span in each) if is_one else wholly
    names = {(hotspot_id, name): united(own) for (_, _, hotspot_id, name), own in spans.items()}
    by_hotspot = sorted((name, own) for (_, name), own in names.items() if own)
    return Silences(partly, wholly, by_hotspot)


def _rows(scope: Scope, grid: Grid, now: datetime) -> Sequence[Any]:
    """Return business, system, hotspot, its name and the span of each outage; None without one."""
    outage, end = HotspotOutage, func.coalesce(HotspotOutage.ended_at, literal(now, UtcDateTime))
    is_within = and_(
        outage.hotspot_id == Hotspot.id,
        outage.started_at < literal(min(grid.end, now), UtcDateTime),
        or_(outage.ended_at.is_(None), outage.ended_at > literal(grid.start, UtcDateTime)),
    )
    columns: list[Any] = [
        HotspotBusiness.business_id,
        Hotspot.system,
        Hotspot.id,
        Hotspot.name,
        outage.started_at,
        end,
    ]
    query = (
        select(*columns)
        .join(Hotspot, Hotspot.id == HotspotBusiness.hotspot_id)
        .outerjoin(outage, is_within)
        .where(HotspotBusiness.business_id.in_(scope.business_ids))
        .where(Hotspot.is_active, tells())
    )
    if scope.system:
        query = query.where(Hotspot.system == scope.system)
    return db.session.execute(query).all()
