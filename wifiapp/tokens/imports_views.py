"""Bringing in codes from a file: chosen, looked at, confirmed."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from wifiapp.access import Viewer, allow
from wifiapp.errors import WifiError
from wifiapp.hotspots import queries as hotspots
from wifiapp.tokens import imports, imports_operations, plans_queries
from wifiapp.tokens.batches import require_fit
from wifiapp.tokens.checking import Checked, check
from wifiapp.tokens.imports_forms import ImportForm
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("imports", __name__, url_prefix="/tokens/import")


@bp.route("", methods=["GET", "POST"])
@allow("ADMIN", "MANAGER")
def index() -> ResponseReturnValue:
    """Take a file and show what it would bring in; bring it in when that is confirmed."""
    viewer = current_viewer()
    form, checked = ImportForm(viewer), None
    if form.validate_on_submit():
        content = form.content
        try:
            if form.is_confirmed:
                return _import(form, content)
        except imports_operations.Refused as error:
            form.form_errors.append(str(error))
        try:
            checked = _check(form, content, viewer)
        except WifiError as error:
            form.form_errors.append(str(error))
    form.lines.data = None
    status = 422 if form.errors or (checked and checked.problems) else 200
    page = render_template(
        "tokens/import.html",
        form=form,
        checked=checked,
        payload=imports.written(checked.lines) if checked and not checked.problems else "",
        most=imports.MOST,
    )
    return page, status


@bp.get("/sample.csv")
@allow("ADMIN", "MANAGER")
def sample() -> Response:
    """Give a file that shows how codes are brought in, with a plan that there is."""
    found = plans_queries.list_plans(current_viewer(), active_only=True)
    text = imports.sample(found[0].TokenConfiguration.name if found else "1 hour")
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="tokens-sample.csv"'
    return response


def _import(form: ImportForm, content: bytes) -> ResponseReturnValue:
    made = imports_operations.import_tokens(
        current_actor(), content, form.plan.data, form.hotspot.data or None
    )
    count = sum(batch.made for batch in made)
    flash(ngettext("%(num)d code was brought in.", "%(num)d codes were brought in.", count))
    if len(made) == 1:
        return redirect(url_for("batches.show", batch_id=made[0].id), 303)
    return redirect(url_for("batches.index"), 303)


def _check(form: ImportForm, content: bytes, viewer: Viewer) -> Checked:
    """Compare the file with what there is; raises what keeps the hotspot from taking it."""
    plan = plans_queries.get_plan(form.plan.data, viewer)
    if not form.hotspot.data:
        return check(content, plan, hotspots.find_manual(plan.business_id, plan.system))
    hotspot = hotspots.get_hotspot(form.hotspot.data, viewer)
    require_fit(plan, hotspot)
    return check(content, plan, hotspot)
