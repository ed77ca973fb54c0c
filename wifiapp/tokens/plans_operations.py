"""Changes to the plans; none of them changes a token that was made before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from wifiapp.access import Actor
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.businesses.models import Business
from wifiapp.columns import SYSTEMS
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.tokens.limits import Terms, problems
from wifiapp.tokens.models import TokenConfiguration


class InvalidPlan(WifiError):
    """The system cannot do that; `problems` are the messages by the name of the term."""

    def __init__(self, found: dict[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " No plan was changed.")
        self.problems = found


def add_plan(actor: Actor, business_id: str, system: str, terms: Terms) -> TokenConfiguration:
    """Add a plan at the end of its business's list; raises `InvalidPlan`, `NotFound`."""
    _lock_business(business_id)
    _check(business_id, system, terms)
    plan = TokenConfiguration(
        business_id=business_id,
        system=system,
        sort_order=1 + max((each.sort_order for each in _siblings(business_id)), default=0),
        **_values(terms),
    )
    db.session.add(plan)
    db.session.flush()
    _record(actor, "plan.create", plan, {"system": system, **_facts(plan)})
    db.session.commit()
    return plan


def change_plan(actor: Actor, plan_id: str, terms: Terms) -> TokenConfiguration:
    """Give a plan other terms; tokens keep those they were made with.

    Raises `InvalidPlan`, `NotFound`.
    """
    plan = _locked(plan_id)
    _check(plan.business_id, plan.system, terms, but=plan)
    before = _facts(plan)
    for name, value in _values(terms).items():
        setattr(plan, name, value)
    changed = differences(before, _facts(plan))
    if changed:
        _record(actor, "plan.change", plan, changed)
    db.session.commit()
    return plan


def offer_plan(actor: Actor, plan_id: str, *, offered: bool) -> TokenConfiguration:
    """Sell a plan again, or no longer; its tokens stay as they are.

    Raises `InvalidPlan` when another plan has taken its name meanwhile, `NotFound`.
    """
    plan = _locked(plan_id)
    if plan.is_active != offered:
        if offered and _is_taken(plan.business_id, plan.system, plan.name, but=plan):
            raise InvalidPlan({"name": f"Another plan is called {plan.name!r} now. Rename one."})
        plan.is_active = offered
        _record(actor, "plan.activate" if offered else "plan.deactivate", plan, {})
    db.session.commit()
    return plan


def move_plan(actor: Actor, plan_id: str, *, up: bool) -> TokenConfiguration:
    """Let a plan change places with the one above or below it; raises `NotFound`."""
    plan = _locked(plan_id)
    plans = list(_siblings(plan.business_id))
    old = plans.index(plan)
    new = max(0, old - 1) if up else min(len(plans) - 1, old + 1)
    plans.insert(new, plans.pop(old))
    for place, each in enumerate(plans, 1):
        each.sort_order = place
    if new != old:
        _record(actor, "plan.move", plan, {"place": {"from": old + 1, "to": new + 1}})
    db.session.commit()
    return plan


def _lock_business(business_id: str) -> None:
    """Keep others from changing the plans of the business until the commit."""
    query = select(Business.id).where(Business.id == business_id).with_for_update()
    if db.session.scalar(query) is None:
        raise NotFound("There is no such business.")


def _locked(plan_id: str) -> TokenConfiguration:
    plan = db.session.get(TokenConfiguration, plan_id)
    if plan is None:
        raise NotFound("There is no such plan.")
    _lock_business(plan.business_id)
    db.session.refresh(plan)
    return plan


def _siblings(business_id: str) -> Sequence[TokenConfiguration]:
    plan = TokenConfiguration
    query = select(plan).where(plan.business_id == business_id)
    query = query.order_by(plan.sort_order, plan.created_at, plan.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _check(
    business_id: str, system: str, terms: Terms, but: TokenConfiguration | None = None
) -> None:
    if system not in SYSTEMS:
        raise InvalidPlan({"system": f"{system!r} is not a system. Take ESP32 or R710."})
    found = problems(system, terms)
    is_offered = but is None or but.is_active
    if is_offered and _is_taken(business_id, system, terms.name, but):
        found["name"] = f"There is a plan called {terms.name!r} on the {system} already."
    if found:
        db.session.rollback()
        raise InvalidPlan(found)


def _is_taken(business_id: str, system: str, name: str, but: TokenConfiguration | None) -> bool:
    """Tell whether another plan on offer has the name, by which an import finds plans."""
    plan = TokenConfiguration
    query = select(plan.id).where(
        plan.business_id == business_id,
        plan.system == system,
        plan.is_active,
        func.lower(plan.name) == name.lower(),
        plan.id != (but.id if but else ""),
    )
    return db.session.scalar(query.limit(1)) is not None


def _values(terms: Terms) -> dict[str, Any]:
    return {
        "name": terms.name,
        "duration_minutes": terms.minutes,
        "price": terms.price,
        "download_mb": terms.download_mb,
        "upload_mb": terms.upload_mb,
        "device_limit": terms.devices,
    }


def _facts(plan: TokenConfiguration) -> dict[str, Any]:
    """Return the terms as the audit log keeps them."""
    return {
        "name": plan.name,
        "minutes": plan.duration_minutes,
        "price": f"{plan.price:.2f}",
        "downloadMb": plan.download_mb,
        "uploadMb": plan.upload_mb,
        "devices": plan.device_limit,
    }


def _record(actor: Actor, action: str, plan: TokenConfiguration, change: dict[str, Any]) -> None:
    change = {"name": plan.name, **change}
    record(actor, action, "plan", plan.id, business_id=plan.business_id, change=change)
