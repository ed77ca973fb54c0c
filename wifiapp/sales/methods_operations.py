"""Changes to the payment methods of a business."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from wifiapp.access import Actor
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError
from wifiapp.sales import till
from wifiapp.sales.methods import CENT, DEFAULTS, GIFT, LONGEST_NAME, Method, spelled
from wifiapp.sales.methods_queries import list_methods
from wifiapp.sales.models import METHOD_KINDS, PaymentMethod
from wifiapp.sales.orders import LARGEST

MOST_PERCENT = 100


class InvalidMethod(WifiError):
    """Something about the method will not do; `problems` are messages by its attributes."""

    def __init__(self, found: dict[str, str]) -> None:
        super().__init__(" ".join(found.values()) + " Nothing was changed.")
        self.problems = found


def add_method(actor: Actor, business_id: str, method: Method) -> PaymentMethod:
    """Offer a way to pay; the first one of a business brings the usual ones along.

    Raises `InvalidMethod`, `NotFound`.
    """
    till.hold(business_id)
    method = _checked(method)
    known = {each.name for each in list_methods(business_id)}
    if not known:
        for usual in DEFAULTS:
            if usual.name != method.name and usual.kind != method.kind:
                _add(business_id, usual)
    if method.name in known:
        db.session.rollback()
        raise InvalidMethod({"name": f"There is a payment method called {method.name} already."})
    row = _add(business_id, method)
    _record(actor, "method.create", row, _facts(method))
    db.session.commit()
    return row


def change_method(actor: Actor, method_id: str, method: Method) -> PaymentMethod:
    """Change kind and fee of a method; its name stays, since sales carry it.

    Raises `InvalidMethod`, `NotFound`.
    """
    row = _locked(method_id)
    method = _checked(Method(row.name, method.kind, method.fee_percent, method.fee_minimum))
    before = _facts(Method(row.name, row.kind, row.fee_percent, row.fee_minimum))
    row.kind, row.fee_percent, row.fee_minimum = method.kind, method.fee_percent, method.fee_minimum
    if changed := differences(before, _facts(method)):
        _record(actor, "method.change", row, changed)
    db.session.commit()
    return row


def offer_method(actor: Actor, method_id: str, *, offered: bool) -> PaymentMethod:
    """Offer a method at the till again, or no longer. Raises `InvalidMethod`, `NotFound`."""
    row = _locked(method_id)
    others = [each for each in list_methods(row.business_id) if each.is_active and each is not row]
    if not offered and not others:
        db.session.rollback()
        raise InvalidMethod({"name": "A till needs at least one way to pay."})
    if row.is_active != offered:
        row.is_active = offered
        _record(actor, "method.activate" if offered else "method.deactivate", row, {})
    db.session.commit()
    return row


def _checked(method: Method) -> Method:
    """Return the method with its name as sales carry it, or raise `InvalidMethod`."""
    method = Method(spelled(method.name), method.kind, method.fee_percent, method.fee_minimum)
    found = {}
    if not 1 <= len(method.name) <= LONGEST_NAME:
        found["name"] = f"A payment method has a name of 1 to {LONGEST_NAME} characters."
    if method.name == GIFT:
        found["name"] = f"{GIFT} stands for tokens that are given away. Take another name."
    if method.kind not in METHOD_KINDS:
        found["kind"] = "Choose one of the kinds."
    if not _is_amount(method.fee_percent, Decimal(MOST_PERCENT)):
        found["fee_percent"] = "A percentage is 0 to 100, with at most two digits after the point."
    if not _is_amount(method.fee_minimum, LARGEST):
        found["fee_minimum"] = "A fee is 0 or more, with at most two digits after the point."
    if found:
        db.session.rollback()
        raise InvalidMethod(found)
    return method


def _is_amount(number: Decimal, most: Decimal) -> bool:
    return number.is_finite() and 0 <= number <= most and number == number.quantize(CENT)


def _add(business_id: str, method: Method) -> PaymentMethod:
    row = PaymentMethod(business_id=business_id, **asdict(method))
    db.session.add(row)
    db.session.flush()
    return row


def _locked(method_id: str) -> PaymentMethod:
    query = select(PaymentMethod.business_id).where(PaymentMethod.id == method_id)
    business_id = db.session.scalar(query)
    if business_id is None:
        raise NotFound("There is no such payment method.")
    till.hold(business_id)
    return db.session.get_one(PaymentMethod, method_id, populate_existing=True)


def _facts(method: Method) -> dict[str, Any]:
    """Return what the audit log keeps of a method."""
    return {
        "kind": method.kind,
        "feePercent": f"{method.fee_percent:.2f}",
        "feeMinimum": f"{method.fee_minimum:.2f}",
    }


def _record(actor: Actor, action: str, row: PaymentMethod, change: dict[str, Any]) -> None:
    change = {"name": row.name, **change}
    record(actor, action, "method", row.id, business_id=row.business_id, change=change)
