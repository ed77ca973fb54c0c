"""What a person types to void a sale."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

PAPERS = ("80", "58")  # millimetres


class VoidForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(
        _l("Reason"),
        [
            DataRequired(_l("Enter a reason; it stands beside the void for ever.")),
            Length(max=200, message=_l("Take at most 200 characters.")),
        ],
        description=_l("Such as “Wrong plan chosen”."),
        render_kw={"autocomplete": "off", "maxlength": 200},
        filters=[lambda text: " ".join((text or "").split())],
    )
