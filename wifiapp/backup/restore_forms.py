"""What a person types before data is exchanged: who they are, and that they mean it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import ValidationError

from wifiapp.backup.sure_forms import PasswordForm

TYPED = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class SureForm(PasswordForm):
    """The password once more, and a word that nobody types by accident."""

    phrase = StringField(render_kw=TYPED)

    def __init__(self, phrase: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = phrase
        self.phrase.label.text = _l("Type %(phrase)s to go on", phrase=phrase)

    def validate_phrase(self, field: StringField) -> None:
        if (field.data or "").strip() != self.wanted:
            raise ValidationError(
                _l("Type %(phrase)s in capital letters, or go back.", phrase=self.wanted)
            )


class UndoForm(SureForm):
    """What is swapped back is the `schema` that was looked at, so that a form undoes once."""

    schema = HiddenField()
