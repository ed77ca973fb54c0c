"""Every question asked of the plans."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from wifiapp.access import Viewer
from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.paging import UNFIT
from wifiapp.tokens.models import TokenConfiguration, WifiToken, is_unsold

Plan = TokenConfiguration
ORDER = (Business.name, Business.id, Plan.sort_order, Plan.created_at, Plan.id)


def list_plans(
    viewer: Viewer | None = None, *, active_only: bool = False
) -> Sequence[Row[Plan, Business, int]]:
    """Return the plans the viewer may see with their business and unsold tokens, in order."""
    stock = (
        select(func.count())
        .where(is_unsold, WifiToken.token_config_id == Plan.id)
        .scalar_subquery()
    )
    query = select(Plan, Business, stock.label("stock")).join(
        Business, Business.id == Plan.business_id
    )
    if active_only:
        query = query.where(Plan.is_active, Business.is_active)
    if viewer is not None and viewer.business_ids is not None:
        query = query.where(Plan.business_id.in_(viewer.business_ids))
    return db.session.execute(query.order_by(*ORDER)).all()


def get_plan(plan_id: str, viewer: Viewer | None = None) -> Plan:
    """Return the plan, or raise `NotFound`, also when it is beyond the viewer."""
    plan = None if UNFIT.search(plan_id) else db.session.get(Plan, plan_id)
    if plan is None or not _sees(viewer, plan.business_id):
        raise NotFound("There is no such plan.")
    return plan


def list_offered(business_id: str, system: str) -> Sequence[Plan]:
    """Return the active plans of a business on a system, in order."""
    query = select(Plan).where(
        Plan.business_id == business_id, Plan.system == system, Plan.is_active
    )
    return db.session.scalars(query.order_by(Plan.sort_order, Plan.created_at, Plan.id)).all()


def count_tokens(plan_id: str) -> int:
    """Count the tokens that were ever made of a plan."""
    query: Any = select(func.count()).where(WifiToken.token_config_id == plan_id)
    return int(db.session.scalar(query) or 0)


def _sees(viewer: Viewer | None, business_id: str) -> bool:
    return viewer is None or viewer.sees(business_id)
