"""What making and importing tokens share: the batch's row and the tokens in it."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.columns import new_id
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.hotspots import manual
from wifiapp.hotspots import queries as hotspots
from wifiapp.hotspots.driver import MadeToken
from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens import codes, homes
from wifiapp.tokens.homes import Unfit
from wifiapp.tokens.models import TokenBatch, TokenConfiguration, WifiToken

MOST = 1000  # tokens of one batch
ATTEMPTS = 5  # to draw codes that a hotspot does not have yet

TERMS = ("plan_name", "duration_minutes", "download_mb", "upload_mb", "device_limit", "price")


def plan_on_offer(plan_id: str) -> TokenConfiguration:
    """Return the plan as it stands, held until the commit; raise `Unfit` or `NotFound`."""
    plan = db.session.get(
        TokenConfiguration, plan_id, with_for_update={"read": True}, populate_existing=True
    )
    if plan is None:
        raise NotFound("There is no such plan.")
    if not plan.is_active:
        raise Unfit(f"The plan {plan.name!r} is not on offer any more. No token was made.")
    return plan


def hotspot_for(actor: Actor, plan: TokenConfiguration, hotspot_id: str | None) -> Hotspot:
    """Return the hotspot the codes are for: by default the plan's device, else a manual one.

    Raises `Unfit` or `NotFound`.
    """
    if hotspot_id:
        hotspot = hotspots.get_hotspot(hotspot_id)
        require_fit(plan, hotspot)
        return hotspot
    devices = homes.list_devices(plan)
    if not devices:
        return manual_for(actor, plan, None)
    device = homes.find_device(plan)
    if device is None:
        names = ", ".join(each.name for each in devices)
        raise Unfit(f"Several hotspots could make it: {names}. Nothing was made. Choose one.")
    return device


def manual_for(actor: Actor, plan: TokenConfiguration, hotspot_id: str | None) -> Hotspot:
    """Return the manual hotspot the codes are for, by default the first one or a new one.

    Raises `Unfit` or `NotFound`.
    """
    if not hotspot_id:
        return manual.first_or_new(actor, plan.system, plan.business_id)
    hotspot = hotspots.get_hotspot(hotspot_id)
    require_fit(plan, hotspot)
    if not hotspot.is_manual:
        raise Unfit(
            f"{hotspot.name!r} makes its own codes and tells them itself. Nothing was brought in. "
            "Take a manual hotspot."
        )
    return hotspot


def require_fit(plan: TokenConfiguration, hotspot: Hotspot) -> None:
    """Raise `Unfit` when tokens of the plan cannot be on the hotspot."""
    if not hotspots.serves(hotspot.id, plan.business_id):
        raise Unfit(f"{hotspot.name!r} does not serve the plan's business. No token was made.")
    if hotspot.system != plan.system:
        raise Unfit(
            f"{hotspot.name!r} is an {hotspot.system}, the plan is for an {plan.system}. "
            "No token was made."
        )
    if not hotspot.is_active:
        raise Unfit(f"{hotspot.name!r} is not in use any more. No token was made.")
    if not hotspot.is_manual and not homes.is_called(hotspot.id):
        raise Unfit(
            f"{hotspot.name!r} belongs to the demo and does not exist. No token was made. "
            "Take a manual hotspot."
        )


def add(
    actor: Actor, plan: TokenConfiguration, hotspot: Hotspot, asked: int, **given: Any
) -> TokenBatch:
    """Add a batch to the transaction under way, with its line in the audit log."""
    batch = TokenBatch(
        **{
            "id": new_id(),
            "business_id": plan.business_id,
            "hotspot_id": hotspot.id,
            "token_config_id": plan.id,
            "system": plan.system,
            "asked": asked,
            "created_by": actor.email,
            **{name: getattr(plan, name) for name in TERMS if name != "plan_name"},
            "plan_name": plan.name,
            **given,
        }
    )
    db.session.add(batch)
    db.session.flush()
    verb = "import" if batch.source == "IMPORTED" else "create"
    note(actor, verb, batch, {"plan": plan.name, "hotspot": hotspot.name, "asked": asked})
    return batch


def note(actor: Actor, verb: str, batch: TokenBatch, change: dict[str, Any]) -> None:
    """Write a line about the batch into the audit log."""
    record(actor, f"batch.{verb}", "batch", batch.id, business_id=batch.business_id, change=change)


def finish(actor: Actor, batch: TokenBatch, status: str, error: str | None = None) -> None:
    """End a batch, with its line in the audit log."""
    batch.status, batch.error, batch.finished_at = status, error, clock.now()
    batch.waits_until = None
    note(actor, status.lower(), batch, {"made": batch.made, "asked": batch.asked, "error": error})


def make_tokens(batch: TokenBatch, count: int) -> int:
    """Add so many tokens with fresh codes; return how many there was room for."""
    made = 0
    for _attempt in range(ATTEMPTS):
        if made < count:
            made += put_tokens(batch, [codes.make() for _ in range(count - made)])
    return made


def put_tokens(batch: TokenBatch, texts: Iterable[str]) -> int:
    """Add tokens with these codes but for those the hotspot has; return how many were added."""
    return len(put_made(batch, [MadeToken(text) for text in texts]))


def put_made(batch: TokenBatch, made: Iterable[MadeToken]) -> Sequence[str]:
    """Add these tokens but for those the hotspot has; return the ids of those added."""
    shared = {name: getattr(batch, name) for name in TERMS} | {
        "batch_id": batch.id,
        "business_id": batch.business_id,
        "hotspot_id": batch.hotspot_id,
        "token_config_id": batch.token_config_id,
        "system": batch.system,
    }
    rows = [
        {
            **shared,
            "id": new_id(),
            "token": each.code,
            "device_name": each.name,
            "redeem_by": each.redeem_by,
        }
        for each in {each.code: each for each in made}.values()
    ]
    if not rows:
        return []
    adding = insert(WifiToken).on_conflict_do_nothing(
        index_elements=[WifiToken.hotspot_id, WifiToken.token]
    )
    return db.session.scalars(adding.returning(WifiToken.id), rows).all()


def held(batch_id: str) -> TokenBatch:
    """Return the batch for this transaction alone to change, or raise `NotFound`."""
    query = select(TokenBatch).where(TokenBatch.id == batch_id).with_for_update()
    batch = db.session.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        raise NotFound("There is no such batch.")
    return batch
