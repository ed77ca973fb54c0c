"""The pages on which an administrator adds, tests and changes the hotspots that are called."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp.access import allow
from wifiapp.businesses.queries import list_businesses, zone_of
from wifiapp.hotspots import asking, boxes_operations, calling, proofs, queries
from wifiapp.hotspots.boxes_forms import AcceptForm, BoxForm, SecretForm
from wifiapp.hotspots.boxes_operations import InvalidBox
from wifiapp.hotspots.driver import Access, Denied, HotspotError, Identity
from wifiapp.hotspots.drivers import CAPABILITIES
from wifiapp.hotspots.secrets import Sealed
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("boxes", __name__, url_prefix="/hotspots")


@dataclass(frozen=True)
class Trial:
    """What came of a test: `was_shown` tells that the person saw this very box before."""

    secret: str = ""
    identity: Identity | None = None
    was_shown: bool = False


@bp.route("/add", methods=["GET", "POST"])
@allow("ADMIN")
def add() -> ResponseReturnValue:
    """Test what was typed, show who answers, and add it when that is the one."""
    system = request.args.get("system", "ESP32").upper()
    if system not in CAPABILITIES:
        abort(404, _("There is no such system."))
    form = BoxForm(CAPABILITIES[system], _businesses())
    trial = _tried(form, system) if form.is_submitted() else Trial()
    if _wants("save") and not form.errors and (trial.was_shown or form.untested.data):
        try:
            hotspot = boxes_operations.add_box(
                current_actor(), system, form.setup(), trial.secret, trial.identity
            )
        except InvalidBox as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s was added and is asked regularly now.", name=hotspot.name), "success")
            return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)
    return _page(
        "hotspots/add.html",
        form,
        system=system,
        systems=list(CAPABILITIES),
        identity=trial.identity,
    )


@bp.route("/<hotspot_id>/edit", methods=["GET", "POST"])
@allow("ADMIN")
def edit(hotspot_id: str) -> ResponseReturnValue:
    """Change a hotspot; what decides how it is reached is saved only when it was proved."""
    hotspot = _device(hotspot_id)
    served = queries.list_served(hotspot.id)
    businesses = _businesses({each.business_id for each in served})
    form = BoxForm(CAPABILITIES[hotspot.system], businesses, data=BoxForm.written(hotspot, served))
    trial = _tried(form, hotspot.system, hotspot) if form.is_submitted() else Trial()
    if _wants("save") and not form.errors:
        is_new = trial.identity and trial.secret != _stored(hotspot)
        try:
            boxes_operations.change_box(
                current_actor(),
                hotspot.id,
                form.setup(),
                secret=trial.secret if is_new else None,
                identity=trial.identity,
            )
        except InvalidBox as error:
            form.show(error.problems)
        else:
            flash(_("%(name)s is saved.", name=hotspot.name), "success")
            return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)
    return _page("hotspots/edit.html", form, hotspot=hotspot, identity=trial.identity)


@bp.route("/<hotspot_id>/secret", methods=["GET", "POST"])
@allow("ADMIN")
def secret(hotspot_id: str) -> ResponseReturnValue:
    """Take another secret once the box has accepted it; until then the old one stays."""
    hotspot, form = _device(hotspot_id), SecretForm()
    if form.validate_on_submit():
        try:
            access = _access(hotspot, form.secret.data)
            identity = asking.identify(access, hotspot.id)
        except HotspotError as error:
            form.show_failure(error)
        else:
            boxes_operations.replace_secret(current_actor(), hotspot.id, form.secret.data, identity)
            flash(
                _("%(name)s accepted the new secret. It is stored.", name=hotspot.name), "success"
            )
            return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)
    return _page("hotspots/secret.html", form, hotspot=hotspot)


@bp.route("/<hotspot_id>/accept", methods=["GET", "POST"])
@allow("ADMIN")
def accept(hotspot_id: str) -> ResponseReturnValue:
    """Show who answers now beside who is registered, and register that one when it is wanted."""
    hotspot, form = _device(hotspot_id), AcceptForm()
    identity = None
    if form.validate_on_submit():
        kept = proofs.read(_me(), form.tested.data)
        typed = form.secret.data or (kept.secret if kept else _stored(hotspot))
        pinned = kept if kept and kept.serial and not form.secret.data else None
        access = replace(_access(hotspot, typed), **_pins(pinned))
        identity = _asked(form, access, hotspot.id)
        if identity and pinned and _wants("save"):
            new = typed if typed != _stored(hotspot) else None
            boxes_operations.accept_box(current_actor(), hotspot.id, identity, new)
            flash(_("%(name)s is this box from now on.", name=hotspot.name), "success")
            return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)
    return _page("hotspots/accept.html", form, hotspot=hotspot, identity=identity)


@bp.post("/<hotspot_id>/test")
@allow("ADMIN")
def test(hotspot_id: str) -> ResponseReturnValue:
    """Ask a hotspot who it is, and keep what came of it."""
    hotspot = _device(hotspot_id)
    try:
        identity = asking.identify(calling.access_of(hotspot), hotspot.id)
    except HotspotError as error:
        boxes_operations.note_test(hotspot.id, error)
        flash(str(error), "danger")
    else:
        boxes_operations.note_test(hotspot.id, identity)
        flash(_("%(name)s answers, and accepts the secret.", name=hotspot.name), "success")
    return redirect(url_for("fleet.show", hotspot_id=hotspot.id), 303)


def _tried(form: BoxForm, system: str, hotspot: Any = None) -> Trial:
    """Check a form and, as far as there is need, ask the box; what is wrong stands in the form."""
    form.check()
    kept = proofs.read(_me(), form.tested.data)
    if hotspot and not (_wants("test") or form.secret.data or kept or form.moves(hotspot)):
        return Trial()
    secret = form.secret.data or (kept.secret if kept else _stored(hotspot, form.address.data))
    if not secret:
        form.show({"secret": form.needs_secret(hotspot)})
        return Trial()
    pinned = hotspot or (kept if kept and not form.secret.data and form.is_at(kept) else None)
    access = replace(form.access(system, secret), **_pins(pinned))
    form.tested.data = proofs.write(_me(), replace(access, serial=None))  # not to be typed again
    untested = form.untested.data and _wants("save") and not hotspot
    if untested or form.address.errors or form.username.errors or form.secret.errors:
        return Trial(secret)
    identity = _asked(form, access, hotspot.id if hotspot else None)
    if identity:
        form.check_networks(identity)
    return Trial(secret, identity, was_shown=bool(pinned and pinned.serial))


def _asked(form: Any, access: Access, hotspot_id: str | None) -> Identity | None:
    """Ask the box; who answered is carried to the next page, what went wrong is shown."""
    try:
        identity = asking.identify(access, hotspot_id)
    except HotspotError as error:
        if isinstance(error, Denied):
            form.tested.data = ""
        form.show_failure(error)
        return None
    form.tested.data = proofs.write(_me(), replace(access, **_pins(identity)))
    return identity


def _pins(seen: Any) -> dict[str, Any]:
    """Return what `Access` pins: of an identity, an access or a hotspot; of None, nothing."""
    return {name: getattr(seen, name, None) for name in ("serial", "fingerprint")}


def _access(hotspot: Any, secret: str) -> Access:
    return Access(hotspot.system, hotspot.address, secret, hotspot.username, **_pins(hotspot))


def _stored(hotspot: Any, address: str | None = None) -> str:
    """Return the stored secret; "" when there is none to be read, or none for another address.

    Where no certificate tells which box it is, a secret that was given to one address is not
    sent to another.
    """
    moved = hotspot and address not in (None, hotspot.address)
    if hotspot is None or (moved and not hotspot.fingerprint):
        return ""
    try:
        return calling.access_of(hotspot).secret
    except Sealed:
        return ""


def _device(hotspot_id: str) -> Any:
    hotspot = queries.get_hotspot(hotspot_id, current_viewer())
    if hotspot.is_manual:
        abort(404, _("This hotspot is a manual one: it is never called."))
    return hotspot


def _businesses(served: Collection[str] = ()) -> list[Any]:
    """Return the businesses that may be served: real ones in use, and those served already."""
    return [
        each
        for each in list_businesses(current_viewer())
        if each.id in served or (each.is_active and not each.is_demo)
    ]


def _wants(button: str) -> bool:
    return request.form.get("do") == button


def _me() -> str:
    return current_viewer().user_id


def _page(template: str, form: Any, **shown: Any) -> ResponseReturnValue:
    page = render_template(template, form=form, tz=zone_of(current_viewer()), **shown)
    return page, 422 if form.is_submitted() and form.errors else 200
