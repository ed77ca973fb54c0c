"""Bringing in codes that a device has already, all of a file or none."""

from collections.abc import Sequence

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.db import db
from wifiapp.errors import WifiError
from wifiapp.tokens import batches
from wifiapp.tokens.checking import check
from wifiapp.tokens.models import TokenBatch


class Refused(WifiError):
    """Lines of the file will not do, as `checking.check` tells; nothing was written."""


def import_tokens(
    actor: Actor, content: bytes, plan_id: str, hotspot_id: str | None
) -> Sequence[TokenBatch]:
    """Bring in every code of the file and return a batch for each plan.

    Without a hotspot they are for the business's manual one. Raises `Refused`, `Unfit`,
    `NotFound`, and then brings in none.
    """
    plan = batches.plan_on_offer(plan_id)
    hotspot = batches.manual_for(actor, plan, hotspot_id)
    checked = check(content, plan, hotspot)
    now, made = clock.now(), []
    for each, lines in checked.by_plan.items() if not checked.problems else ():
        facts = {"source": "IMPORTED", "status": "DONE", "started_at": now, "finished_at": now}
        batch = batches.add(actor, each, hotspot, len(lines), **facts)
        batch.made = batches.put_tokens(batch, [line.code for line in lines])
        made.append(batch)
    # A code that came in by another way at this very moment was left out.
    if checked.problems or any(batch.made < batch.asked for batch in made):
        db.session.rollback()
        raise Refused("Some lines of the file will not do. No code was brought in.")
    db.session.commit()
    return made
