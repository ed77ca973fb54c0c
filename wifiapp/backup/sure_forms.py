"""The password once more, before what cannot simply be taken back."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """Who it is that asks, shown by the password (see `sure_views.is_sure`).

    `wait` is the seconds until a password is looked at again, after too many wrong ones.
    """

    wait = 0

    password = PasswordField(
        _l("Your password"),
        [InputRequired(_l("Enter the password that you sign in with."))],
        render_kw={"autocomplete": "current-password"},
    )
