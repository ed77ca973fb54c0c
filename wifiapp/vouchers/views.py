"""The pages that put the tokens of a batch on paper."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from wifiapp import qr
from wifiapp.access import allow
from wifiapp.formats import money
from wifiapp.tokens import batches_queries, codes
from wifiapp.vouchers import operations, pdf, queries
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("vouchers", __name__, url_prefix="/tokens/batches/<batch_id>")
MOST_SHEETS = 10_000


@bp.get("/vouchers")
@allow("ADMIN", "MANAGER")
def index(batch_id: str) -> str:
    """Show one sheet as it is printed; `show=all` has the printed ones among them."""
    row = batches_queries.get_batch(batch_id, current_viewer())
    new_only = _new_only()
    count = queries.count_vouchers(batch_id, new_only=new_only)
    sheets = max(1, -(-count // queries.PER_SHEET))
    sheet = min(max(1, request.args.get("sheet", 1, type=int)), sheets, MOST_SHEETS)
    return render_template(
        "vouchers/index.html",
        batch=row.TokenBatch,
        business=row.Business,
        new_only=new_only,
        count=count,
        unprinted=queries.count_vouchers(batch_id, new_only=True),
        sheet=sheet,
        sheets=sheets,
        vouchers=queries.list_sheet(batch_id, sheet, new_only=new_only),
        steps=_steps(row),
        groups=codes.groups,
        svg=qr.svg,
        scanned=qr.code_text,
    )


@bp.get("/vouchers.pdf")
@allow("ADMIN", "MANAGER")
def download(batch_id: str) -> Response:
    """Answer with all sheets of the view as one PDF."""
    row = batches_queries.get_batch(batch_id, current_viewer())
    batch, business = row.TokenBatch, row.Business
    shared = pdf.Print(
        business.name, batch.plan_name, money(batch.price, business.currency), _steps(row)
    )
    found = queries.list_vouchers(batch_id, new_only=_new_only())
    body = pdf.sheets(
        shared,
        [
            pdf.Voucher(codes.groups(each.token), qr.code_text(batch.system, each.token))
            for each in found
        ],
    )
    response = Response(body, mimetype="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="vouchers.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/printed")
@allow("ADMIN", "MANAGER")
def mark(batch_id: str) -> ResponseReturnValue:
    """Keep that a sheet, or with `all` every voucher of the batch, is on paper."""
    batches_queries.get_batch(batch_id, current_viewer())
    ids = request.form.getlist("ids")
    if request.form.get("all"):
        ids = [each.id for each in queries.list_vouchers(batch_id, new_only=True)]
    marked = operations.mark_printed(current_actor(), batch_id, ids)
    done = ngettext(
        "%(num)d voucher is kept as printed.", "%(num)d vouchers are kept as printed.", marked
    )
    flash(done if marked else _("No voucher was marked."), "success" if marked else "warning")
    return redirect(url_for("vouchers.index", batch_id=batch_id), 303)


def _new_only() -> bool:
    return request.args.get("show") != "all"


def _steps(row: Any) -> list[str]:
    """Say in short lines how the customer goes online."""
    ssid = queries.find_ssid(row.TokenBatch)
    join = _("1. Join the WiFi %(ssid)s", ssid=ssid) if ssid else _("1. Join the WiFi")
    if row.TokenBatch.system == "ESP32":
        return [join, _("2. Scan, or open 192.168.4.1"), _("3. Type the code")]
    return [join, _("2. Type the code")]
