"""The till's pages: the plans, the ways to pay, and the code."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock
from wifiapp.access import Viewer, allow
from wifiapp.businesses.queries import get_business, list_businesses
from wifiapp.columns import new_id
from wifiapp.errors import NotFound, WifiError
from wifiapp.filters import LONGEST
from wifiapp.sales import operations
from wifiapp.sales.methods import GIFT, Method, named
from wifiapp.sales.methods_queries import list_offered
from wifiapp.sales.operations import InvalidOrder, KeyTaken
from wifiapp.sales.receipts import shown
from wifiapp.sales.receipts_queries import get_sale
from wifiapp.sales.spot_operations import make_and_sell
from wifiapp.sell.forms import SellForm
from wifiapp.sell.queries import Offer, find_last_sale, get_offer, list_offers
from wifiapp.tokens import codes, durations
from wifiapp.tokens import queries as tokens
from wifiapp.tokens.homes import find_device
from wifiapp.tokens.plans_queries import get_plan
from wifiapp.tokens.states import REFUSALS, Event
from wifiapp.tokens.words import code_after_word
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("sell", __name__, url_prefix="/sell")
LATELY = timedelta(minutes=15)
SAME_TAP = 60  # seconds in which a form that comes again is taken for an impatient finger


@bp.get("")
@allow("ADMIN", "MANAGER", "SELLER")
def index() -> ResponseReturnValue:
    viewer = current_viewer()
    open_ones = [each for each in list_businesses(viewer) if each.is_active]
    business = _chosen(open_ones)
    voucher, problem = request.args.get("voucher", "").strip()[:LONGEST], ""
    if business and voucher:
        token, problem = _find_voucher(viewer, business.id, voucher)
        if token:
            to_pay = url_for("sell.pay", plan_id=token.token_config_id, token=token.id)
            return redirect(to_pay, 303)
    offers = list_offers(business.id, clock.now()) if business else []
    return render_template(
        "sell/index.html",
        businesses=open_ones,
        business=business,
        offers=offers,
        made={each.plan.id for each in offers if not each.stock and find_device(each.plan)},
        voucher=voucher,
        problem=problem,
        last=_last_sale(business) if business else None,
        now=clock.now(),
        words=durations.words,
        may_make=viewer.only_sales_by is None,
    )


@bp.route("/<plan_id>", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER", "SELLER")
def pay(plan_id: str) -> ResponseReturnValue:
    """Ask how the customer pays, and sell by the button that is pressed."""
    viewer = current_viewer()
    plan = get_plan(plan_id, viewer)
    token = _named_token(viewer, plan_id)
    methods, form = list_offered(plan.business_id), SellForm()
    if form.validate_on_submit():
        sale_id = _sell(form, plan_id, token.id if token else None, methods)
        if sale_id:
            return _lead_to(url_for("sell.sold", sale_id=sale_id))
    offer = get_offer(plan_id, clock.now())
    if token:
        offer = Offer(plan, token.price, token.duration_minutes, 1, more=False)
    form.key.data = form.key.data or new_id()
    maker = None if offer.stock else find_device(plan)
    form.price.data, form.make.data = str(offer.price), "1" if maker else ""
    page = render_template(
        "sell/pay.html",
        form=form,
        offer=offer,
        token=token,
        maker=maker,
        methods=methods,
        gift=GIFT,
        business=get_business(plan.business_id),
        groups=codes.groups,
        words=durations.words,
        may_make=viewer.only_sales_by is None,
    )
    return _fresh(page), 422 if form.is_submitted() else 200


@bp.get("/sold/<sale_id>")
@allow("ADMIN", "MANAGER", "SELLER")
def sold(sale_id: str) -> str:
    """Show the code to the customer; this page can be opened again and again."""
    return render_template("sell/sold.html", **shown(get_sale(sale_id, current_viewer())))


def _chosen(businesses: Sequence[Any]) -> Any:
    """Return the business to sell for: the one asked for, which is kept, else the one kept."""
    known = {each.id: each for each in businesses}
    asked = request.args.get("business", "")
    if asked in known and session.get("sells_for") != asked:
        session["sells_for"] = asked
    found = known.get(session.get("sells_for", ""))
    return found or (businesses[0] if businesses else None)


def _last_sale(business: Any) -> Any:
    """Return what this person has just sold: whoever lost the answer finds the code there."""
    return find_last_sale(current_viewer().user_id, business.id, clock.now() - LATELY)


def _find_voucher(viewer: Viewer, business_id: str, text: str) -> tuple[Any, str]:
    """Return the printed voucher that was typed, or None and why it cannot be sold."""
    found = [
        each
        for each in tokens.find_by_code(code_after_word(text) or text, viewer)
        if each.business_id == business_id
    ]
    if not found:
        return None, _("There is no such voucher here. Look at the code again.")
    if len(found) > 1:
        return None, _("Two codes look like this one. Type it exactly as it is printed.")
    if refusal := REFUSALS.get((found[0].status, Event.SELL)):
        return None, refusal
    return found[0], ""


def _named_token(viewer: Viewer, plan_id: str) -> Any:
    """Return the voucher that the address names, None when it names none."""
    token_id = request.args.get("token")
    if not token_id:
        return None
    token = tokens.get_token(token_id, viewer)
    if token.token_config_id != plan_id:
        raise NotFound(_("There is no such token."))
    return token


def _sell(
    form: SellForm, plan_id: str, token_id: str | None, methods: Sequence[Method]
) -> str | None:
    """Sell, and return the id of the sale; None when the form says what is wrong."""
    wanted = request.form.get("method", "")
    if wanted not in {GIFT, *(each.name for each in methods)}:
        form.show({"method": _("Choose how the customer pays.")})
        return None
    if wanted == GIFT and not form.gift_reason.data:
        form.show({"gift_reason": _("Say why it is free, such as “for the band”.")})
        return None
    order = form.order(plan_id, token_id, named(wanted, methods))
    sell = make_and_sell if form.make.data else operations.sell_token
    try:
        sale, is_new = sell(current_actor(), order)
    except KeyTaken as error:
        if error.sale.sold_by != current_actor().user_id:
            raise
        flash(str(error), "warning")
        return error.sale.id
    except InvalidOrder as error:
        form.show(error.problems)
    except WifiError as error:
        form.show({"": str(error)})
    else:
        if not is_new and (clock.now() - sale.sold_at).total_seconds() > SAME_TAP:
            flash(_("This token was sold before. “Next customer” gives a new one."), "warning")
        return sale.id
    return None


def _lead_to(url: str) -> ResponseReturnValue:
    """Redirect a browser, and the till's script, which would follow it unseen, by its header."""
    if "HX-Request" in request.headers:
        return "", 204, {"HX-Redirect": url}
    return redirect(url, 303)


def _fresh(page: str) -> Response:
    """Let "back" load the page anew, with a new key: the old one stands for the sale made."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response
