"""The payment methods of each business."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.businesses.queries import get_business, list_businesses
from wifiapp.sales import methods_operations, methods_queries
from wifiapp.sales.methods import DEFAULTS
from wifiapp.sales.methods_forms import KINDS, MethodForm, NewMethodForm
from wifiapp.sales.methods_operations import InvalidMethod
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("methods", __name__, url_prefix="/sell/methods")


@bp.get("")
@allow("ADMIN", "MANAGER")
def index() -> str:
    groups = [
        (business, methods_queries.list_methods(business.id))
        for business in list_businesses(current_viewer())
        if business.is_active
    ]
    return render_template("sell/methods.html", groups=groups, kinds=KINDS, usual=DEFAULTS)


@bp.route("/add", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def add() -> ResponseReturnValue:
    form = NewMethodForm(current_viewer())
    if form.validate_on_submit():
        try:
            row = methods_operations.add_method(
                current_actor(), form.business.data, form.method(form.name.data or "")
            )
        except InvalidMethod as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s is on the till now.", name=row.name), "success")
            return redirect(url_for("methods.index"), 303)
    page = render_template("sell/method.html", form=form, method=None)
    return page, 422 if form.is_submitted() else 200


@bp.route("/<method_id>", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def edit(method_id: str) -> ResponseReturnValue:
    method = methods_queries.get_method(method_id, current_viewer())
    form = MethodForm(obj=method)
    if form.validate_on_submit():
        try:
            methods_operations.change_method(current_actor(), method.id, form.method(method.name))
        except InvalidMethod as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s is saved. Sales made before keep their fee.", name=method.name))
            return redirect(url_for("methods.index"), 303)
    page = render_template(
        "sell/method.html", form=form, method=method, business=get_business(method.business_id)
    )
    return page, 422 if form.is_submitted() else 200


@bp.post("/<method_id>/deactivate")
@allow("ADMIN", "MANAGER")
def deactivate(method_id: str) -> ResponseReturnValue:
    return _offer(method_id, offered=False)


@bp.post("/<method_id>/activate")
@allow("ADMIN", "MANAGER")
def activate(method_id: str) -> ResponseReturnValue:
    return _offer(method_id, offered=True)


def _offer(method_id: str, *, offered: bool) -> ResponseReturnValue:
    method = methods_queries.get_method(method_id, current_viewer())
    try:
        methods_operations.offer_method(current_actor(), method.id, offered=offered)
    except InvalidMethod as error:
        flash(str(error), "danger")
    return redirect(url_for("methods.index"), 303)
