"""The plans' pages."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.errors import WifiError
from wifiapp.tokens import durations, keeper_operations, plans_operations, plans_queries
from wifiapp.tokens.homes import list_devices
from wifiapp.tokens.keeper_forms import StockForm
from wifiapp.tokens.keeper_operations import InvalidStock
from wifiapp.tokens.plans_forms import NewPlanForm, PlanForm
from wifiapp.tokens.plans_operations import InvalidPlan
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("plans", __name__, url_prefix="/tokens/plans")


@bp.get("")
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    rows = plans_queries.list_plans(current_viewer())
    by_business = groupby(rows, key=lambda row: row.Business)
    return render_template(
        "plans/index.html",
        groups=[(business, list(plans)) for business, plans in by_business],
        words=durations.words,
    )


@bp.route("/add", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def add() -> ResponseReturnValue:
    form = NewPlanForm(current_viewer(), data={"business": request.args.get("business")})
    if form.is_submitted() and form.check(form.system.data):
        try:
            plan = plans_operations.add_plan(
                current_actor(), form.business.data, form.system.data, form.terms()
            )
        except InvalidPlan as error:
            form.show(error.problems)
        else:
            flash(
                _("The plan %(name)s was added. Make tokens of it next.", name=plan.name), "success"
            )
            return redirect(url_for("plans.index"), 303)
    return render_template("plans/add.html", form=form), 422 if form.is_submitted() else 200


@bp.route("/<plan_id>", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def edit(plan_id: str) -> ResponseReturnValue:
    plan = plans_queries.get_plan(plan_id, current_viewer())
    form = PlanForm(data=PlanForm.written(plan))
    if form.is_submitted() and form.check(plan.system):
        try:
            plans_operations.change_plan(current_actor(), plan.id, form.terms())
        except InvalidPlan as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s is saved. Tokens made before keep their terms.", name=plan.name))
            return redirect(url_for("plans.index"), 303)
    return _edit_page(plan, form), 422 if form.is_submitted() else 200


@bp.post("/<plan_id>/stock")
@allow("ADMIN", "MANAGER")
def stock(plan_id: str) -> ResponseReturnValue:
    """Say where the tokens of a plan are made, and how many are kept ready."""
    plan = plans_queries.get_plan(plan_id, current_viewer())
    form = StockForm(list_devices(plan))
    if form.validate():
        try:
            keeper_operations.set_stock(
                current_actor(),
                plan.id,
                form.hotspot.data or None,
                form.min_stock.data,
                form.refill_to.data,
            )
        except InvalidStock as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s is saved.", name=plan.name), "success")
            return redirect(url_for("plans.edit", plan_id=plan.id), 303)
    shown = PlanForm(formdata=None, data=PlanForm.written(plan))
    return _edit_page(plan, shown, form), 422


def _edit_page(plan: Any, form: PlanForm, keeping: StockForm | None = None) -> str:
    devices = list_devices(plan)
    return render_template(
        "plans/edit.html",
        form=form,
        keeping=keeping or StockForm(devices, formdata=None, data=StockForm.written(plan)),
        devices=devices,
        plan=plan,
        stock=keeper_operations.count_stock(plan.id, clock.now()),
        tokens=plans_queries.count_tokens(plan.id),
    )


@bp.post("/<plan_id>/move")
@allow("ADMIN", "MANAGER")
def move(plan_id: str) -> ResponseReturnValue:
    up = request.form.get("to") == "up"
    return _do(plan_id, lambda actor: plans_operations.move_plan(actor, plan_id, up=up))


@bp.post("/<plan_id>/deactivate")
@allow("ADMIN", "MANAGER")
def deactivate(plan_id: str) -> ResponseReturnValue:
    return _do(
        plan_id,
        lambda actor: plans_operations.offer_plan(actor, plan_id, offered=False),
        _("The plan is no longer on offer. Its tokens stay as they are."),
    )


@bp.post("/<plan_id>/activate")
@allow("ADMIN", "MANAGER")
def activate(plan_id: str) -> ResponseReturnValue:
    return _do(
        plan_id,
        lambda actor: plans_operations.offer_plan(actor, plan_id, offered=True),
        _("The plan is on offer again."),
    )


def _do(plan_id: str, change: Callable[..., Any], done: str = "") -> ResponseReturnValue:
    """Make the change, say so, and go back to the list."""
    plans_queries.get_plan(plan_id, current_viewer())
    try:
        change(current_actor())
    except WifiError as error:
        flash(str(error), "danger")
    else:
        if done:
            flash(done, "success")
    return redirect(url_for("plans.index"), 303)
