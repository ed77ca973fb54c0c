"""What a person types about a hotspot's portal."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import InputRequired, NumberRange

from wifiapp.hotspots.boxes_forms import SecondsField
from wifiapp.hotspots.setups import LONGEST_INTERVAL, SHORTEST_INTERVAL


class IntervalForm(FlaskForm):  # type: ignore[misc]
    interval = SecondsField(
        _l("Seconds between two pushes"),
        [
            InputRequired(_l("Enter a whole number of seconds.")),
            NumberRange(
                SHORTEST_INTERVAL,
                LONGEST_INTERVAL,
                _l(
                    "Take %(least)s to %(most)s seconds.",
                    least=SHORTEST_INTERVAL,
                    most=LONGEST_INTERVAL,
                ),
            ),
        ],
        description=_l(
            "When nothing came for three times that long, and at least three minutes, "
            "the hotspot is silent."
        ),
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
