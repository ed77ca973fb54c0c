"""What the API takes and gives: the same schemas check, write and document it."""

import re
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from wifiapp.columns import SYSTEMS
from wifiapp.exports import plain
from wifiapp.paging import UNFIT
from wifiapp.tokens.forms import STATES

ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
KEY = "^[!-~]{1,100}$"  # of a request that may be repeated: printable, without blanks
METHOD = "^[^\\x00-\\x1f]{1,30}$"
TEXT = "^[^\\x00-\\x1f]{1,200}$"
CODE = "^[^\\x00-\\x1f]{1,64}$"
MONEY = "^[0-9]{1,10}[.][0-9]{2}$"


class Whole(validate.Regexp):
    """The whole text is like the pattern, a line end after it too, and a column can hold it."""

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise `ValidationError`."""
        if not re.fullmatch(self.regex, value) or UNFIT.search(value):
            raise ValidationError(self.error)
        return value


class Moment(fields.DateTime):
    """A moment in UTC, such as 2026-11-22T14:05:00Z."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return plain(value) if isinstance(value, datetime) else None


class Flag(fields.Boolean):
    """True or false, and nothing that is like them."""

    def _deserialize(self, value: Any, *given: Any, **more: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, *given, **more)


class Shape(Schema):
    """The base of all: snake_case here, camelCase outside, as the tables have it."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name the field for programs, unless it has a name of its own."""
        head, *tail = field_name.split("_")
        field_obj.data_key = field_obj.data_key or head + "".join(w.capitalize() for w in tail)


def text(pattern: str, error: str, **options: Any) -> fields.String:
    """Return a field for a text like the pattern."""
    return fields.String(validate=Whole(pattern, error=error), **options)


def given(
    kind: type[fields.Field[Any]], attribute: str | None = None, about: str = "", **more: Any
) -> fields.Field[Any]:
    """Return a field that is always in an answer; `attribute` names what it is read from."""
    metadata = {"description": about} if about else {}
    return kind(required=True, attribute=attribute, metadata=metadata, **more)


def money(attribute: str, about: str = "", **more: Any) -> fields.Field[Any]:
    """Return a field for an amount, which is text so that no cent is lost."""
    metadata = {"type": "string", "pattern": MONEY, "example": "1.00"}
    if about:
        metadata["description"] = about
    return fields.Decimal(
        required=True, attribute=attribute, as_string=True, places=2, metadata=metadata, **more
    )


# -- what is asked -----------------------------------------------------------------------------


class SaleRequest(Shape):
    """A sale of one token of a plan, for the plan's price unless it is a gift."""

    plan_id = text(ID, "The id of a plan, from /plans.", required=True)
    token_id = text(
        ID,
        "The id of a token, from /tokens.",
        metadata={"description": "This very token, such as the one on a printed voucher"},
    )
    payment_method = text(
        METHOD,
        "A payment method of 1 to 30 characters.",
        load_default="CASH",
    )
    price = text(
        MONEY,
        "An amount as text, such as 1.00.",
        metadata={"description": "What the customer was told; refused when it has changed"},
    )
    tendered = text(
        MONEY, "An amount as text, such as 5.00.", metadata={"description": "Cash handed over"}
    )
    transaction_code = text(TEXT, "A code of 1 to 200 characters.")
    gift_reason = text(
        TEXT,
        "A reason of 1 to 200 characters.",
        metadata={"description": "Makes it free and says why"},
    )
    make_now = Flag(
        load_default=False,
        metadata={"description": "When none is in stock, have a device make one; takes seconds"},
    )


class VoidRequest(Shape):
    """Why a sale is taken back."""

    reason = text(TEXT, "A reason of 1 to 200 characters.", required=True)


class TokenQuery(Shape):
    """The code of a token, however it is typed."""

    code = text(CODE, "A code of 1 to 64 characters.", required=True)


class SaleHeaders(Shape):
    """The headers of a sale."""

    class Meta:
        unknown = EXCLUDE

    key = text(
        KEY,
        "Send an Idempotency-Key of 1 to 100 printable characters, a new one for each customer.",
        required=True,
        data_key="Idempotency-Key",
    )


# -- what is answered --------------------------------------------------------------------------


class Business(Shape):
    """The business of the key."""

    id = given(fields.String)
    name = given(fields.String)
    currency = given(fields.String, about="ISO 4217")
    timezone = given(fields.String, about="IANA name")


class Plan(Shape):
    """What can be sold."""

    id = given(fields.String)
    name = given(fields.String)
    system = given(fields.String, validate=validate.OneOf(SYSTEMS))
    minutes = given(fields.Integer, "duration_minutes")
    download_mb = given(fields.Integer, about="null: unlimited", allow_none=True)
    upload_mb = given(fields.Integer, about="null: unlimited", allow_none=True)
    devices = given(fields.Integer, "device_limit", "How many may share one token")
    price = money("price")
    stock = given(fields.Integer, about="Tokens that are ready to be sold")
    can_make = given(fields.Boolean, about="A device makes one when none is in stock: makeNow")


class PlanList(Shape):
    """The plans on offer, in their order."""

    business = fields.Nested(Business, required=True)
    plans = fields.List(fields.Nested(Plan), required=True)


class Token(Shape):
    """A token with the terms it was made with."""

    id = given(fields.String)
    code = given(fields.String, "token", "What the customer types")
    state = given(fields.String, validate=validate.OneOf(list(STATES)))
    plan_id = given(fields.String, "token_config_id")
    plan = given(fields.String, "plan_name")
    system = given(fields.String, validate=validate.OneOf(SYSTEMS))
    minutes = given(fields.Integer, "duration_minutes")
    download_mb = given(fields.Integer, about="null: unlimited", allow_none=True)
    upload_mb = given(fields.Integer, about="null: unlimited", allow_none=True)
    devices = given(fields.Integer, "device_limit", "How many may share it")
    price = money("price")
    redeem_by = given(Moment, about="Until when it must be used first", allow_none=True)
    first_used_at = given(Moment, allow_none=True)
    expires_at = given(Moment, allow_none=True)
    sale_id = given(fields.String, about="Its sale, unless that is void", allow_none=True)


class TokenList(Shape):
    """The tokens that a code may mean: none, one, or rarely one on each of several hotspots."""

    tokens = fields.List(fields.Nested(Token), required=True)


class Sale(Shape):
    """A sale, which a void marks and never deletes."""

    id = given(fields.String)
    receipt_number = given(fields.Integer, allow_none=True)
    sold_at = given(Moment)
    amount = money("sale_amount")
    fee = money("fee", "What the payment method costs on top")
    tendered = money("tendered", "Cash handed over", allow_none=True)
    currency = given(fields.String)
    channel = given(fields.String, "sale_channel")
    payment_method = given(fields.String)
    transaction_code = given(fields.String, allow_none=True)
    gift_reason = given(fields.String, allow_none=True)
    voided_at = given(Moment, allow_none=True)
    void_reason = given(fields.String, allow_none=True)
    token = fields.Nested(Token, required=True)


class Problem(Shape):
    """Why nothing was done, as RFC 9457 has it."""

    type = given(fields.String, about="about:blank, or urn:wifiapp: and what kind of refusal it is")
    title = given(fields.String)
    status = given(fields.Integer)
    detail = given(fields.String, about="For people")
    request_id = given(fields.String, about="What the logs know this request by")
    errors = fields.Dict(metadata={"description": "By field, what is wrong with it"})
