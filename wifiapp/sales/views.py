"""The sales page."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from wifiapp import clock, exports
from wifiapp.access import Viewer, allow
from wifiapp.businesses import queries as businesses
from wifiapp.lists import asked_page
from wifiapp.live import live_page
from wifiapp.sales import lines, queries, sums
from wifiapp.sales.forms import PRESETS, SaleFilters
from wifiapp.sales.queries import Wanted
from wifiapp.web import current_viewer

bp = Blueprint("sales", __name__)


@bp.get("/sales", strict_slashes=False)
@allow("ADMIN", "MANAGER", "SELLER")
def index() -> Response:
    viewer, now = current_viewer(), clock.now()
    form, seen, wanted = _asked(viewer, now)
    found = queries.sum_cells(viewer, wanted)
    names = _offer(form, found)
    cells = sums.chosen(found, wanted.values)
    return live_page(
        "sales/index.html",
        "sales/_report.html",
        form=form,
        presets=PRESETS,
        businesses=seen,
        spans=wanted.spans,
        is_running=any(span.start <= now < span.end for span in wanted.spans.values()),
        currencies=_by_currency(cells, names),
        **asked_page(lambda after: queries.list_lines(viewer, wanted, after)),
        now=now,
        tz=next(iter(wanted.spans)),
    )


@bp.get("/sales.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER", "SELLER")
def export(kind: str) -> Response:
    """Answer with every line of the view and their sum; a filter that cannot be used is refused."""
    viewer, now = current_viewer(), clock.now()
    form, seen, wanted = _asked(viewer, now)
    form.refuse_errors()
    tally = lines.Tally({business.currency for business in seen})
    rows = tally.over(lines.exported(row) for row in queries.stream_lines(viewer, wanted))
    if kind == "csv":
        return exports.as_csv("sales", lines.COLUMNS, rows, tally.sums)
    days = {
        zone: {"first": span.first.isoformat(), "last": span.last.isoformat()}
        for zone, span in wanted.spans.items()
    }
    return exports.as_json(
        "sales", lines.COLUMNS, rows, lambda: {"sums": tally.sums()}, asOf=now, days=days
    )


def _asked(viewer: Viewer, now: datetime) -> tuple[SaleFilters, Any, Wanted]:
    """Return the checked filters, the businesses they leave, and which lines they mean."""
    seen = businesses.list_businesses(viewer)
    form = SaleFilters(request.args, business=[(each.id, each.name) for each in seen])
    business_id = form.value("business")
    left = [each for each in seen if business_id in ("", each.id)]
    zones = dict.fromkeys(each.timezone for each in left) or ["UTC"]
    spans = {zone: form.days.span(zone, now) for zone in zones}
    return form, left, Wanted(spans, business_id, form.code, form.values())


def _offer(form: SaleFilters, cells: list[sums.Cell]) -> dict[str, str]:
    """Put what was found into the lists to choose from; return the names of the sellers."""
    for name in ("channel", "method", "plan"):
        form[name].offer((value, value) for value in sums.found(cells, name))
    sellers = queries.list_sellers(sums.found(cells, "seller"))
    form.seller.offer(sorted(sellers.items(), key=lambda each: each[1].casefold()))
    return sellers


def _by_currency(cells: list[sums.Cell], sellers: dict[str, str]) -> list[dict[str, Any]]:
    """Return the sums of each currency; amounts of two are never added up."""
    result = []
    for currency in sums.found(cells, "currency"):
        own = [cell for cell in cells if cell.currency == currency]
        groups = {name: sums.grouped(own, name) for name in ("channel", "method", "plan")}
        groups["seller"] = [
            each._replace(name=sellers.get(each.name, "")) for each in sums.grouped(own, "seller")
        ]
        result.append({"currency": currency, "total": sums.total(own), **groups})
    return result
