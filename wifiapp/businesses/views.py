"""The businesses' pages."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock, exports
from wifiapp.access import allow
from wifiapp.businesses import list_queries, operations, queries
from wifiapp.businesses.checks import InvalidBusiness
from wifiapp.businesses.forms import BusinessFilters, BusinessForm, offers
from wifiapp.columns import new_id
from wifiapp.lists import asked_page
from wifiapp.web import current_actor

bp = Blueprint("businesses", __name__)

COLUMNS = ("name", "currency", "timezone", "isActive", "isDemo", "members", "createdAt", "id")


@bp.get("/businesses")
@allow("ADMIN")
def index() -> str:
    form = BusinessFilters(request.args)
    return render_template(
        "businesses/index.html",
        form=form,
        **asked_page(lambda after: list_queries.list_page(form.wanted, after)),
        now=clock.now(),
    )


@bp.get("/businesses.<any(csv, json):kind>")
@allow("ADMIN")
def export(kind: str) -> Response:
    """Answer with every row of the view; a filter that cannot be used is refused, not ignored."""
    form = BusinessFilters(request.args)
    form.refuse_errors()
    rows = (_exported(row) for row in list_queries.stream_businesses(form.wanted))
    return exports.as_file(kind, "businesses", COLUMNS, rows)


@bp.route("/businesses/add", methods=["GET", "POST"])
@allow("ADMIN")
def add() -> ResponseReturnValue:
    form = BusinessForm(data=_like_the_others())
    if form.validate_on_submit():
        try:
            business = operations.add_business(
                current_actor(), form.name.data, form.currency.data, form.timezone.data, _key(form)
            )
        except InvalidBusiness as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s was added. Now say what it sells.", name=business.name), "success")
            return redirect(url_for("plans.add", business=business.id), 303)
    return _page(form)


@bp.route("/businesses/<business_id>", methods=["GET", "POST"])
@allow("ADMIN")
def edit(business_id: str) -> ResponseReturnValue:
    business = queries.get_business(business_id)
    form = BusinessForm(obj=business)
    if form.validate_on_submit():
        try:
            changed = operations.change_business(
                current_actor(),
                business.id,
                form.name.data,
                form.currency.data,
                form.timezone.data,
            )
        except InvalidBusiness as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s is saved.", name=business.name), "success")
            if "timezone" in changed:
                flash(_("Its analytics are counted anew by the new clock. That takes a minute."))
            return redirect(url_for("businesses.index"), 303)
    return _page(form, business)


@bp.post("/businesses/<business_id>/deactivate")
@allow("ADMIN")
def deactivate(business_id: str) -> ResponseReturnValue:
    business = operations.activate_business(current_actor(), business_id, active=False)
    flash(_("Nothing more is sold for %(name)s. All that it has stays.", name=business.name))
    return redirect(url_for("businesses.index"), 303)


@bp.post("/businesses/<business_id>/activate")
@allow("ADMIN")
def activate(business_id: str) -> ResponseReturnValue:
    business = operations.activate_business(current_actor(), business_id, active=True)
    flash(_("%(name)s sells again.", name=business.name), "success")
    return redirect(url_for("businesses.index"), 303)


def _page(form: BusinessForm, business: Any = None) -> ResponseReturnValue:
    form.key.data = _key(form)
    page = render_template(
        "businesses/edit.html" if business else "businesses/add.html",
        form=form,
        business=business,
        has_sales=business is not None and queries.has_sales(business.id),
        now=clock.now(),
        **offers(),
    )
    return page, 422 if form.is_submitted() else 200


def _key(form: BusinessForm) -> str:
    """Return the fresh id that the form carries, a new one in the place of what is none."""
    try:
        return str(UUID(form.key.data))
    except (TypeError, ValueError):
        return new_id()


def _like_the_others() -> dict[str, Any]:
    """Return currency and time zone of the businesses there are: the next one often has them."""
    own = [each for each in queries.list_businesses() if not each.is_demo]
    return {"currency": own[0].currency, "timezone": own[0].timezone} if own else {}


def _exported(row: Any) -> dict[str, Any]:
    it = row.Business
    values = (
        *(it.name, it.currency, it.timezone, it.is_active, it.is_demo, row.members),
        *(it.created_at, it.id),
    )
    return dict(zip(COLUMNS, values, strict=True))
