"""What a person types to keep a device out."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length


class BlockForm(FlaskForm):  # type: ignore[misc]
    reason = StringField(
        _l("Reason"),
        [
            InputRequired(_l("Enter a reason; the hotspot keeps it.")),
            Length(max=31, message=_l("Take at most 31 characters.")),
        ],
        render_kw={"autocomplete": "off", "maxlength": 31},
        filters=[lambda text: " ".join((text or "").split())],
    )
