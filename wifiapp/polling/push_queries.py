"""Every question asked before a push is taken in, and when none comes any more."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Text, any_, func, literal, not_, select

from wifiapp.columns import UtcDateTime
from wifiapp.db import db
from wifiapp.hotspots.models import Hotspot
from wifiapp.hotspots.queries import is_heard
from wifiapp.hotspots.telling import pushes
from wifiapp.sales.models import WifiTokenSale
from wifiapp.tokens.codes import typed
from wifiapp.tokens.models import WifiToken, as_typed


def find_coded(hotspot_id: str, codes: Iterable[str]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the tokens of a hotspot that the codes may mean, however they are typed.

    Rows have `id`, `code`, `typed`, `minutes`, `first_used_at`, `expires_at`, and `since` when they
    can be used: they were made, and sold if they were.
    """
    sold_at = select(func.max(WifiTokenSale.sold_at)).where(
        WifiTokenSale.wifi_token_id == WifiToken.id, WifiTokenSale.voided_at.is_(None)
    )
    since = func.greatest(WifiToken.created_at, sold_at.scalar_subquery(), type_=UtcDateTime)
    columns = (
        WifiToken.id,
        WifiToken.token.label("code"),
        as_typed.label("typed"),
        WifiToken.duration_minutes.label("minutes"),
        WifiToken.first_used_at,
        WifiToken.expires_at,
        since.label("since"),
    )
    wanted = literal(sorted({typed(each) for each in codes}), ARRAY(Text))
    mine = select(*columns).where(WifiToken.hotspot_id == hotspot_id)
    return db.session.execute(mine.where(as_typed == any_(wanted))).all()


def fallen_silent(now: datetime) -> Select[Hotspot]:
    """Select the hotspots in use whose portals pushed, and do not any more."""
    fallen = (pushes(), Hotspot.is_active, Hotspot.status == "OK", not_(is_heard(now)))
    return select(Hotspot).where(*fallen).order_by(Hotspot.id)
