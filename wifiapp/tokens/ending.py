"""How a token comes to its end, in the transaction under way."""

from wifiapp import clock
from wifiapp.access import Actor
from wifiapp.audit.record import record
from wifiapp.tokens import states
from wifiapp.tokens.models import WifiToken
from wifiapp.tokens.states import Event


def end(actor: Actor, token: WifiToken, event: Event, reason: str) -> None:
    """Disable or expire a token, with its line in the audit log; raises `Forbidden`."""
    before = token.status
    token.status = states.after(before, event)
    token.ended_at, token.end_reason = clock.now(), reason
    change = {
        "token": token.token,
        "status": {"from": before, "to": token.status},
        "reason": reason,
    }
    record(
        actor,
        f"token.{event.value}",
        "token",
        token.id,
        business_id=token.business_id,
        change=change,
    )
