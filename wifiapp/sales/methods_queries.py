"""Every question asked of the payment methods."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from wifiapp.access import Viewer
from wifiapp.db import db
from wifiapp.errors import NotFound
from wifiapp.paging import UNFIT
from wifiapp.sales.methods import CASH, DEFAULTS, Method
from wifiapp.sales.models import PaymentMethod


def list_methods(business_id: str) -> Sequence[PaymentMethod]:
    """Return the methods that a business has set up, cash first, those in use before others."""
    query = select(PaymentMethod).where(PaymentMethod.business_id == business_id)
    order = (PaymentMethod.is_active.desc(), PaymentMethod.kind != CASH, PaymentMethod.created_at)
    return db.session.scalars(query.order_by(*order, PaymentMethod.name)).all()


def list_offered(business_id: str) -> list[Method]:
    """Return the methods that a till offers; the usual ones when none was set up."""
    found = [each for each in list_methods(business_id) if each.is_active]
    return [method_of(each) for each in found] or list(DEFAULTS)


def list_known(business_id: str) -> list[Method]:
    """Return all methods that were set up, also those no longer in use."""
    return [method_of(each) for each in list_methods(business_id)]


def get_method(method_id: str, viewer: Viewer) -> PaymentMethod:
    """Return the method, or raise `NotFound`, also when it is beyond the viewer."""
    method = None if UNFIT.search(method_id) else db.session.get(PaymentMethod, method_id)
    beyond = viewer.business_ids is not None and (
        method is None or method.business_id not in viewer.business_ids
    )
    if method is None or beyond:
        raise NotFound("There is no such payment method.")
    return method


def method_of(row: Any) -> Method:
    """Return the method of a row with its columns."""
    return Method(row.name, row.kind, row.fee_percent, row.fee_minimum)
