"""The page of one token."""

from flask import Blueprint, render_template

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.tokens import codes, durations
from wifiapp.tokens import queries as tokens
from wifiapp.tokens.forms import NAMES, EndForm
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
        can_disable=is_possible(token.status, Event.DISABLE),
        form=EndForm(formdata=None),
        groups=codes.groups,
        words=durations.words,
        now=now,
    )
