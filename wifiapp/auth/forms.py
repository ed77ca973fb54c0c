"""What a person types to sign in and to change the password."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, EqualTo, InputRequired

EMAIL_KEYS = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class SignInForm(FlaskForm):  # type: ignore[misc]
    email = EmailField(
        _l("Email"),
        [DataRequired(_l("Enter your email address."))],
        render_kw={"autocomplete": "username", **EMAIL_KEYS},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class PasswordForm(FlaskForm):  # type: ignore[misc]
    old = PasswordField(
        _l("Present password"),
        [InputRequired(_l("Enter the password that you signed in with."))],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        [InputRequired(_l("Enter a new password."))],
        description=_l("At least 10 characters. A few words that only you put together are good."),
        render_kw={"autocomplete": "new-password", "minlength": 10, "maxlength": 200},
    )
    again = PasswordField(
        _l("New password again"),
        [
            InputRequired(_l("Enter the new password once more.")),
            EqualTo("new", _l("The two new passwords are not the same.")),
        ],
        render_kw={"autocomplete": "new-password", "maxlength": 200},
    )
