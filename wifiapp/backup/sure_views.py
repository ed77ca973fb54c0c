"""Whether it is the person signed in who asks, and not somebody at their screen."""

from flask_login import current_user

from wifiapp import clock
from wifiapp.auth import operations as auth
from wifiapp.backup.sure_forms import PasswordForm
from wifiapp.web import current_actor


def is_sure(form: PasswordForm) -> bool:
    """Tell whether all that was typed is right, the password too; the form says what is wrong."""
    if not form.validate_on_submit():
        return False
    try:
        auth.confirm_password(current_actor(), current_user.id, form.password.data, clock.now())
    except auth.WrongPassword as error:
        form.password.errors = [str(error)]
    except auth.TooManyTries as error:
        form.wait = error.retry_after
    else:
        return True
    return False
