"""The leak finder: what does not add up, and the rows behind each number."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.businesses import queries as businesses
from wifiapp.leaks import lines, queries
from wifiapp.leaks.forms import LeakFilters
from wifiapp.leaks.kinds import KINDS
from wifiapp.leaks.queries import NOBODY, Cell, Wanted
from wifiapp.lists import asked_page
from wifiapp.sales.forms import PRESETS
from wifiapp.sales.queries import list_sellers
from wifiapp.tokens.forms import NAMES
from wifiapp.web import current_viewer

bp = Blueprint("leaks", __name__)

OF_KIND = f"/leaks/<any({', '.join(repr(kind) for kind in KINDS)}):leak>"


@bp.get("/leaks")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    viewer, now = current_viewer(), clock.now()
    form, wanted = _asked(viewer, now)
    found = queries.sum_cells(viewer, wanted)
    names, cells = _offer(form, found), _chosen(found, wanted)
    return render_template(
        "leaks/index.html",
        form=form,
        currencies=[_tables(cells, currency, names) for currency in _found(cells, "currency")],
        **_shown(wanted, now),
    )


@bp.get("/leaks.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with the sums of the view, finer than it shows them."""
    viewer, now = current_viewer(), clock.now()
    form, wanted = _asked(viewer, now)
    form.refuse_errors()
    cells = sorted(_chosen(queries.sum_cells(viewer, wanted), wanted))
    names = list_sellers([each for each in _found(cells, "seller") if each != NOBODY])
    rows = (lines.exported_sum(cell, names.get(cell.seller)) for cell in cells)
    return exports.as_file(kind, "leaks", lines.SUMS, rows, asOf=now)


@bp.get(OF_KIND)
@allow("ADMIN", "MANAGER")
def show(leak: str) -> ResponseReturnValue:
    viewer, now = current_viewer(), clock.now()
    form, wanted = _asked(viewer, now)
    _offer(form, queries.sum_cells(viewer, wanted, [leak]))
    return render_template(
        "leaks/show.html",
        form=form,
        leak=leak,
        **asked_page(lambda after: queries.list_leaks(leak, viewer, wanted, after)),
        **_shown(wanted, now),
    )


@bp.get(f"{OF_KIND}.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export_lines(leak: str, kind: str) -> Response:
    """Answer with every row of the view; a filter that cannot be used is refused, not ignored."""
    viewer, now = current_viewer(), clock.now()
    form, wanted = _asked(viewer, now)
    form.refuse_errors()
    rows = (lines.exported(row) for row in queries.stream_leaks(leak, viewer, wanted))
    return exports.as_file(kind, f"leaks-{leak}", lines.COLUMNS, rows, asOf=now)


def _asked(viewer: Viewer, now: datetime) -> tuple[LeakFilters, Wanted]:
    """Return the checked filters, and which leaks they mean."""
    seen = businesses.list_businesses(viewer)
    form = LeakFilters(request.args, business=[(each.id, each.name) for each in seen])
    business_id = form.value("business")
    zones = dict.fromkeys(each.timezone for each in seen if business_id in ("", each.id))
    spans = {zone: form.days.span(zone, now) for zone in zones or ["UTC"]}
    wanted = Wanted(spans, now, business_id, form.value("seller"), form.value("channel"))
    return form, wanted


def _shown(wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Return what both pages show around their rows."""
    return {
        "kinds": KINDS,
        "names": NAMES,
        "presets": PRESETS,
        "spans": wanted.spans,
        "tz": next(iter(wanted.spans)),
        "now": now,
    }


def _chosen(cells: list[Cell], wanted: Wanted) -> list[Cell]:
    return [
        cell
        for cell in cells
        if wanted.seller in ("", cell.seller) and wanted.channel in ("", cell.channel)
    ]


def _offer(form: LeakFilters, cells: list[Cell]) -> dict[str, str]:
    """Put what was found into the lists to choose from; return the names of the sellers."""
    found = _found(cells, "seller")
    names = list_sellers(found) | ({NOBODY: str(_("No person"))} if NOBODY in found else {})
    form.seller.offer(sorted(names.items(), key=lambda each: each[1].casefold()))
    form.channel.offer((each, _channel(each)) for each in _found(cells, "channel"))
    return names


def _tables(cells: list[Cell], currency: str, names: dict[str, str]) -> dict[str, Any]:
    """Return the sums of one currency: by kind, and by seller and by channel of each kind."""
    own = [cell for cell in cells if cell.currency == currency]
    sellers, channels = _found(own, "seller"), _found(own, "channel")
    return {
        "currency": currency,
        "by_kind": lines.added(own, lambda cell: cell.kind),
        "sellers": sorted(
            ((each, names.get(each, each)) for each in sellers), key=lambda each: each[1].casefold()
        ),
        "by_seller": lines.added(own, lambda cell: (cell.seller, cell.kind)),
        "channels": [(each, _channel(each)) for each in channels],
        "by_channel": lines.added(own, lambda cell: (cell.channel, cell.kind)),
    }


def _channel(value: str) -> str:
    return str(_("No sale")) if value == NOBODY else value


def _found(cells: list[Cell], name: str) -> list[str]:
    """Return the values that occur, in order."""
    return sorted({getattr(cell, name) for cell in cells})
