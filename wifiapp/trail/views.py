"""The page of one token."""

from flask import Blueprint, render_template

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.hotspots.drivers import CAPABILITIES
from wifiapp.tokens import codes, durations, homes, outbox_queries
from wifiapp.tokens import queries as tokens
from wifiapp.tokens.extending import cannot_extend
from wifiapp.tokens.forms import NAMES, EndForm
from wifiapp.tokens.outbox import WORDS
from wifiapp.tokens.states import Event, is_possible
from wifiapp.trail import queries
from wifiapp.trail.timeline import timeline
from wifiapp.web import current_viewer

bp = Blueprint("trail", __name__)


@bp.get("/tokens/<token_id>")
@allow("ADMIN", "MANAGER")
def show(token_id: str) -> str:
    token, now = tokens.get_token(token_id, current_viewer()), clock.now()
    sales = queries.list_sales(token.id)
    devices = queries.list_devices(token.id, token.business_id)
    return render_template(
        "tokens/show.html",
        token=token,
        state=NAMES[token.status],
        is_past=tokens.is_past(token, now),
        sale=next((each for each in sales if not each.WifiTokenSale.voided_at), None),
        devices=devices,
        sessions=queries.list_sessions(token.id),
        sessions_shown=queries.SHOWN,
        moments=timeline(token, sales, devices, queries.list_changes(token.id)),
        command=outbox_queries.find_last_of(token.id),
        told=WORDS,
        on_device=homes.is_called(token.hotspot_id),
        able=CAPABILITIES[token.system],
        can_disable=is_possible(token.status, Event.DISABLE),
        can_extend=not cannot_extend(token),
        form=EndForm(formdata=None),
        groups=codes.groups,
        words=durations.words,
        now=now,
    )
