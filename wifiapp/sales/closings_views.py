"""Closing the day, and the closings that were made."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock, exports, formats
from wifiapp.access import Viewer, allow
from wifiapp.businesses.queries import get_business, list_businesses
from wifiapp.errors import WifiError
from wifiapp.lists import asked_page
from wifiapp.sales import closings_lines, closings_operations, closings_queries
from wifiapp.sales.closings import Draft, NothingToClose, total
from wifiapp.sales.closings_forms import CloseForm, ClosingFilters, DayChoice
from wifiapp.sales.closings_operations import ClosedAlready, InvalidCount, SoldMeanwhile
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("closings", __name__, url_prefix="/sales")


@bp.get("/closings")
@allow("ADMIN", "MANAGER")
def index() -> str:
    viewer = current_viewer()
    form = _filters(viewer)
    business_id = form.value("business")
    return render_template(
        "sales/closings.html",
        form=form,
        **asked_page(lambda after: closings_queries.list_closings(viewer, business_id, after)),
        now=clock.now(),
    )


@bp.get("/closings.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export(kind: str) -> Response:
    """Answer with every closing of the view; a filter that cannot be used is refused."""
    viewer = current_viewer()
    form = _filters(viewer)
    form.refuse_errors()
    found = closings_queries.stream_closings(viewer, form.value("business"))
    rows = (closings_lines.exported(row) for row in found)
    return exports.as_file(kind, "closings", closings_lines.COLUMNS, rows, asOf=clock.now())


@bp.get("/closings/<closing_id>.<any(csv, json):kind>")
@allow("ADMIN", "MANAGER")
def export_one(closing_id: str, kind: str) -> Response:
    """Answer with what a closing came to in each method, and in all."""
    row = closings_queries.get_closing(closing_id, current_viewer())
    kept = closings_queries.list_kept_sums(row.DayClosing.id)
    rows = closings_lines.exported_sums(kept, row.Business.currency)
    name = f"closing-{row.DayClosing.day}-{row.DayClosing.number}"
    if kind == "csv":
        return exports.as_csv(name, closings_lines.SUMS, rows)
    told = closings_lines.exported(row)
    return exports.as_json(name, closings_lines.SUMS, rows, closing=lambda: {"closing": told})


@bp.get("/closings/<closing_id>")
@allow("ADMIN", "MANAGER")
def show(closing_id: str) -> str:
    row = closings_queries.get_closing(closing_id, current_viewer())
    closing, business = row.DayClosing, row.Business
    sums = closings_queries.list_kept_sums(closing.id)
    return render_template(
        "sales/closing.html",
        closing=closing,
        business=business,
        closer=row.closer,
        sums=sums,
        whole=total(sums),
        difference=closing.counted_cash - closing.expected_cash,
        agreement=closings_queries.agree(closing, business.timezone),
    )


@bp.route("/close", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def close() -> ResponseReturnValue:
    """Show what the till should hold, and close the day with what was counted."""
    viewer, now = current_viewer(), clock.now()
    choice = DayChoice(request.args, _offered(viewer))
    if not choice.business.data:
        return render_template("sales/close.html", business=None)
    business = get_business(choice.business.data, viewer)
    day = choice.day.data or now.astimezone(ZoneInfo(business.timezone)).date()
    form = CloseForm()
    # What was sent for a business or day that will not do is never taken for another.
    if (
        not choice.errors
        and form.validate_on_submit()
        and (closing_id := _close(form, business.id, day))
    ):
        return redirect(url_for("closings.show", closing_id=closing_id), 303)
    draft, problem = _draft(business, day, now)
    form.seen.data = str(draft.expected_cash) if draft else ""
    page = render_template(
        "sales/close.html",
        choice=choice,
        business=business,
        day=day,
        form=form,
        draft=draft,
        whole=total(draft.sums) if draft else None,
        problem=problem,
        last=closings_queries.find_last(business.id),
    )
    return page, 422 if form.is_submitted() else 200


def _filters(viewer: Viewer) -> ClosingFilters:
    seen = [(each.id, each.name) for each in list_businesses(viewer)]
    return ClosingFilters(request.args, business=seen)


def _offered(viewer: Viewer) -> list[tuple[str, str]]:
    """Return the businesses in use, then others with something to close and the one asked for."""
    others = {*closings_queries.list_unclosed_out_of_use(), request.args.get("business")}
    seen = [each for each in list_businesses(viewer) if each.is_active or each.id in others]
    return [(each.id, each.name) for each in sorted(seen, key=lambda each: not each.is_active)]


def _draft(business: Any, day: date, now: datetime) -> tuple[Draft | None, str]:
    """Return the closing that would be made, or why there is none."""
    try:
        return closings_queries.draft(business, day, now), ""
    except NothingToClose as error:
        return None, str(error)


def _close(form: CloseForm, business_id: str, day: date) -> str | None:
    """Close the day and return the id of the closing; None when the form says what is wrong."""
    try:
        closing = closings_operations.close_day(
            current_actor(),
            business_id,
            day,
            form.counted.data or Decimal(0),
            note=form.note.data or "",
            seen=form.seen_cash,
            again=form.again.data,
            closing_id=form.closing_id.data,
        )
    except (SoldMeanwhile, InvalidCount) as error:
        form.counted.errors = [str(error)]
    except ClosedAlready as error:
        form.again.errors = [str(error)]
    except WifiError as error:
        form.form_errors.append(str(error))
    else:
        flash(_("%(day)s is closed.", day=formats.day(closing.day)), "success")
        return closing.id
    return None
