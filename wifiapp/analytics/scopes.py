"""What is rolled up together: each business by its own clock, and all the real ones."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from wifiapp.analytics.models import RollupState
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.settings.queries import get_zone

EVERYTHING = ""  # the scope of all real businesses


@dataclass(frozen=True)
class Scope:
    """One business by its id, or EVERYTHING; `members` are the businesses in it.

    `others` are those that are never in it. What it was when it was last rolled up:
    `rolled_up_by` is the zone, `rolled_up_to` the moment, None as long as it never was, or has to
    be anew; of weeks and months it is `longer_to`. Of what happened before `sessions_from` there
    are no raw sessions; periods that began before `periods_from` stay as they are.
    """

    id: str
    zone: str
    members: frozenset[str]
    others: frozenset[str] = frozenset()
    is_demo: bool = False
    was_demo: bool = False
    state_id: str | None = None
    rolled_up_by: str = ""
    rolled_up_to: datetime | None = None
    longer_to: datetime | None = None
    sessions_from: datetime | None = None
    periods_from: datetime | None = None

    @property
    def is_current(self) -> bool:
        """Tell whether it was rolled up as what it is now."""
        return bool(self.rolled_up_to) and self.zone == self.rolled_up_by


def list_scopes() -> list[Scope]:
    """Return everything first, then each business."""
    states = {state.business_id: state for state in db.session.scalars(select(RollupState))}
    query = select(Business.id, Business.timezone, Business.is_demo).order_by(Business.id)
    shops = db.session.execute(query).all()
    demo = frozenset(shop.id for shop in shops if shop.is_demo)
    real = frozenset(shop.id for shop in shops) - demo
    found = [_scope(EVERYTHING, get_zone(), real, states.get(None), others=demo)]
    return found + [
        _scope(shop.id, shop.timezone, {shop.id}, states.get(shop.id), is_demo=shop.is_demo)
        for shop in shops
    ]


def _scope(
    name: str,
    zone: str,
    members: frozenset[str] | set[str],
    state: RollupState | None,
    *,
    others: frozenset[str] = frozenset(),
    is_demo: bool = False,
) -> Scope:
    scope = Scope(name, _known(zone), frozenset(members), others, is_demo)
    if state is None:
        return scope
    return replace(
        scope,
        was_demo=state.is_demo,
        state_id=state.id,
        rolled_up_by=state.zone,
        rolled_up_to=state.rolled_up_to,
        longer_to=state.longer_to,
        sessions_from=state.sessions_from,
        periods_from=state.periods_from,
    )


def _known(zone: str) -> str:
    """Return the zone; UTC where the name is none, so that one bad row stops nothing."""
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
