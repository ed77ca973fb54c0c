"""What a person does at the till."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField
from wtforms.validators import Length

from wifiapp.columns import new_id
from wifiapp.sales.fields import AmountField
from wifiapp.sales.methods import GIFT, Method
from wifiapp.sales.orders import LONGEST_TEXT, Order

TOO_LONG = _l("Take at most %(most)d characters.", most=LONGEST_TEXT)
TYPED = {"autocomplete": "off", "maxlength": LONGEST_TEXT}


def tidied(text: str | None) -> str:
    """Return a text without the blanks around and the double ones in it."""
    return " ".join((text or "").split())


class SellForm(FlaskForm):  # type: ignore[misc]
    """How the customer pays; `key` makes a form that is sent twice one sale.

    `make` has a device make the token when none is in stock.

    The button that was pressed is the method: one of the till's, or GIFT.
    """

    key = HiddenField()
    price = HiddenField()
    make = HiddenField()
    tendered = AmountField(_l("Cash received"))
    transaction_code = StringField(
        _l("Transaction code"),
        [Length(max=LONGEST_TEXT, message=TOO_LONG)],
        [tidied],
        render_kw=TYPED,
    )
    gift_reason = StringField(
        _l("Why it is free"),
        [Length(max=LONGEST_TEXT, message=TOO_LONG)],
        [tidied],
        render_kw=TYPED,
    )

    def validate_key(self, field: Field) -> None:
        """Take a fresh key in the place of one that is none."""
        try:
            UUID(field.data)
        except (TypeError, ValueError):
            field.data = new_id()

    def order(self, plan_id: str, token_id: str | None, method: Method) -> Order:
        """Return what a form that was validated asks for."""
        is_cash, is_gift = method.kind == "CASH", method.name == GIFT
        return Order(
            plan_id,
            method=method.name,
            key=self.key.data,
            price=_price(self.price.data),
            tendered=None if is_gift else self.tendered.data,
            transaction_code="" if is_cash or is_gift else self.transaction_code.data or "",
            gift_reason=self.gift_reason.data or "" if is_gift else "",
            token_id=token_id,
        )

    def show(self, found: Mapping[str, str]) -> None:
        """Put messages beside the fields that they are about, the others on top."""
        for name, message in found.items():
            if name in self and self[name].type != "HiddenField":
                self[name].errors = [message]
            else:
                self.form_errors.append(message)


def _price(text: Any) -> Decimal | None:
    """Return the price that the page has shown; one that is none asks for no certain price."""
    try:
        price = Decimal(text)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return price if price.is_finite() else None
