"""Keeping devices out, and letting them in again: the buttons of a device's page."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from wifiapp import clock
from wifiapp.access import allow
from wifiapp.devices import blocks_operations, queries
from wifiapp.devices.blocks import BLOCK_KINDS
from wifiapp.devices.blocks_forms import BlockForm
from wifiapp.errors import WifiError
from wifiapp.tokens import outbox_operations
from wifiapp.web import current_actor, current_viewer

bp = Blueprint("blocks", __name__, url_prefix="/devices")


@bp.post("/<device_id>/block")
@allow("ADMIN", "MANAGER")
def block(device_id: str) -> ResponseReturnValue:
    form, actor = BlockForm(), current_actor()
    device = queries.get_device(current_viewer(), device_id, clock.now())
    if not form.validate():
        flash(" ".join(str(each) for each in form.reason.errors), "danger")
        return _back(device.id)
    try:
        command = blocks_operations.block_device(actor, device.id, form.reason.data or "")
        done = outbox_operations.try_now(BLOCK_KINDS, command.id)
    except WifiError as error:
        flash(str(error), "danger")
        return _back(device.id)
    _say(done, _("%(mac)s is kept out of %(hotspot)s.", mac=device.mac, hotspot=device.hotspot))
    return _back(device.id)


@bp.post("/<device_id>/unblock")
@allow("ADMIN", "MANAGER")
def unblock(device_id: str) -> ResponseReturnValue:
    viewer = current_viewer()
    device = queries.get_device(viewer, device_id, clock.now())
    try:
        command = blocks_operations.unblock_device(current_actor(), viewer, device.id)
        done = outbox_operations.try_now(BLOCK_KINDS, command.id)
    except WifiError as error:
        flash(str(error), "danger")
    else:
        _say(done, _("%(mac)s may go online again.", mac=device.mac))
    return _back(device.id)


def _say(command: Any, done: str) -> None:
    if command.status == "DONE":
        flash(done, "success")
    elif command.status == "FAILED":
        flash(_("Nothing was changed: %(why)s", why=command.error or ""), "danger")
    else:
        flash(
            _("The hotspot was not reached. It is told as soon as it answers; nothing more to do."),
            "warning",
        )


def _back(device_id: str) -> ResponseReturnValue:
    return redirect(url_for("devices.show", device_id=device_id), 303)
