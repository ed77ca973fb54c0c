"""The page of one sale, its receipt on paper, and its void."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.formats import NOTHING
from wifiapp.sales import operations
from wifiapp.sales.operations import AlreadyVoid
from wifiapp.sales.receipts import shown
from wifiapp.sales.receipts_forms import PAPERS, VoidForm
from wifiapp.sales.receipts_queries import get_sale
from wifiapp.tokens.forms import NAMES
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("receipts", __name__, url_prefix="/sales")


@bp.get("/<sale_id>")
@allow("ADMIN", "MANAGER", "SELLER")
def show(sale_id: str) -> str:
    return _page(sale_id, VoidForm(formdata=None))


@bp.post("/<sale_id>/void")
@allow("ADMIN", "MANAGER")
def void(sale_id: str) -> ResponseReturnValue:
    sale = get_sale(sale_id, current_viewer()).WifiTokenSale
    form = VoidForm()
    if not form.validate_on_submit():
        return _page(sale_id, form), 422
    try:
        operations.void_sale(current_actor(), sale.id, form.reason.data or "")
    except AlreadyVoid as error:
        flash(str(error), "warning")
    else:
        flash(_("Receipt %(number)s is void.", number=sale.receipt_number or NOTHING), "success")
    return redirect(url_for("receipts.show", sale_id=sale_id), 303)


@bp.get("/<sale_id>/receipt")
@allow("ADMIN", "MANAGER", "SELLER")
def receipt(sale_id: str) -> str:
    """Show the receipt as it is printed, on the paper that was chosen last."""
    row = get_sale(sale_id, current_viewer())
    asked = request.args.get("paper", session.get("paper"))
    paper = asked if asked in PAPERS else PAPERS[0]
    if asked != session.get("paper"):
        session["paper"] = paper
    return render_template("sales/receipt.html", paper=paper, papers=PAPERS, **shown(row))


def _page(sale_id: str, form: VoidForm) -> str:
    context = shown(get_sale(sale_id, current_viewer()))
    return render_template(
        "sales/show.html", form=form, state=NAMES[context["token"].status], **context
    )
