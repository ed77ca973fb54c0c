"""For how many months raw sessions are to be kept."""

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import Form, IntegerField
from wtforms.validators import InputRequired, NumberRange, StopValidation

from wifiapp.analytics.retention import LEAST, MOST
from wifiapp.filters import FilterForm

USUAL = 12  # months, offered until something else was chosen
SAID = _l(
    "Type a whole number of months from %(least)s to %(most)s. Nothing was changed.",
    least=LEAST,
    most=MOST,
)


class _Months(IntegerField):  # type: ignore[misc]
    """A whole number; what is none is said once."""

    def pre_validate(self, form: Form) -> None:  # noqa: ARG002 - the interface of WTForms
        if self.process_errors:
            raise StopValidation


class SessionsForm(FilterForm):
    """`is_asked` tells whether months were given, `kept` are those in force, None for ever."""

    months = _Months(
        _l("Months to keep"),
        [InputRequired(SAID), NumberRange(LEAST, MOST, SAID)],
        description=_l(
            "%(least)s to %(most)s whole months, beside the one that runs.", least=LEAST, most=MOST
        ),
        invalid_value_message=SAID,
    )

    def __init__(self, args: MultiDict[str, str], kept: int | None) -> None:
        self.is_asked = "months" in args
        super().__init__(args if self.is_asked else MultiDict({"months": str(kept or USUAL)}))
