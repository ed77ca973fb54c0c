"""Keeping which vouchers are on paper."""

from collections.abc import Collection

from sqlalchemy import update

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.tokens.models import TokenBatch, WifiToken


def mark_printed(actor: Actor, batch_id: str, token_ids: Collection[str]) -> int:
    """Note that these unsold tokens of a batch are on paper; return how many they are.

    Raises `NotFound`.
    """
    batch = db.session.get(TokenBatch, batch_id)
    if batch is None:
        raise NotFound("There is no such batch.")
    change = (
        update(WifiToken)
        .where(WifiToken.id.in_(token_ids), WifiToken.batch_id == batch_id)
        .where(WifiToken.status == "UNUSED")
        .values(printed_at=clock.now())
        .returning(WifiToken.id)
    )
    marked = len(db.session.scalars(change).all())
    if marked:
        record(
            actor,
            "batch.print",
            "batch",
            batch_id,
            business_id=batch.business_id,
            change={"plan": batch.plan_name, "vouchers": marked},
        )
    db.session.commit()
    return marked
