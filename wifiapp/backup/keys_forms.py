"""What a person types of a key: the end of a new one, or the whole of an old one."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from wifiapp.backup import keys
from wifiapp.backup.keys import Key, NotAKey
from wifiapp.backup.sure_forms import PasswordForm


class ConfirmForm(PasswordForm):
    """The end of a new key, typed from the printed page."""

    typed = StringField(_l("The last %(count)d characters of the key", count=keys.PROVED))

    def validate_typed(self, field: StringField) -> None:
        if len((field.data or "").strip()) < keys.PROVED:
            raise ValidationError(
                _l("Type the last %(count)d characters from the printed page.", count=keys.PROVED)
            )


class KeyForm(FlaskForm):  # type: ignore[misc]
    """The key of an emergency kit, to open an archive; it is never stored."""

    identity = StringField(
        _l("Key of the emergency kit"),
        description=_l(
            "The line that begins with AGE-SECRET-KEY-1. Spaces and small letters do no harm. It "
            "is used for this once and not kept."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys: list[Key] = []

    def validate_identity(self, field: StringField) -> None:
        try:
            self.keys = [*keys.read(field.data or "")]
        except NotAKey as error:
            raise ValidationError(str(error)) from error
