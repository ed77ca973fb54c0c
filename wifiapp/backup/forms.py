"""What a person may choose for a backup."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import ValidationError

from wifiapp.backup.engine import Options
from wifiapp.backup.keys_queries import find_in_force
from wifiapp.businesses.queries import list_businesses

PHRASE = "DELETE"


class CreateForm(FlaskForm):  # type: ignore[misc]
    """The options of a new backup."""

    business_id = SelectField(
        _l("What to back up"),
        default="",
        description=_l(
            "A full backup can bring the whole installation back. One of a single business holds "
            "that business and what it needs, and no row of another."
        ),
    )
    business_data = BooleanField(
        _l("Business data"),
        default=True,
        description=_l("Businesses, hotspots, plans, tokens, devices and sales."),
    )
    audit_logs = BooleanField(
        _l("Audit log"),
        description=_l("Who changed what and when. Leave it out when you hand the file to others."),
    )
    demo_data = BooleanField(
        _l("Demo data"),
        description=_l("The demo businesses and all that belongs to them."),
    )

    encrypt = BooleanField(
        _l("Encrypt it"),
        default=True,
        description=_l("Only the key of the emergency kit opens it then."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = find_in_force()
        self.businesses = list_businesses()
        self.business_id.choices = [
            ("", _l("Full: everything")),
            *((one.id, _l("Only %(name)s", name=one.name)) for one in self.businesses),
        ]

    def validate_business_data(self, field: BooleanField) -> None:
        if self.business_id.data and not field.data:
            raise ValidationError(_l("A backup of one business needs its business data."))

    def validate_demo_data(self, field: BooleanField) -> None:
        is_demo = {one.id: one.is_demo for one in self.businesses}
        if is_demo.get(self.business_id.data or "") and not field.data:
            raise ValidationError(_l("This is a demo business, so its backup needs the demo data."))

    def validate_encrypt(self, field: BooleanField) -> None:
        if field.data and self.key is None:
            raise ValidationError(_l("No key is in force any more, so it cannot be encrypted."))

    def options(self) -> Options:
        """Return what was chosen as the engine takes it."""
        return Options(
            business_id=self.business_id.data or None,
            business_data=self.business_data.data,
            audit_logs=self.audit_logs.data,
            demo_data=self.demo_data.data,
        )


class DeleteForm(FlaskForm):  # type: ignore[misc]
    """The word that must be typed to delete the last backup that is known to restore."""

    phrase = StringField(_l("Type %(phrase)s to go on", phrase=PHRASE))

    def validate_phrase(self, field: StringField) -> None:
        if (field.data or "").strip() != PHRASE:
            raise ValidationError(
                _l("Type %(phrase)s in capital letters, or go back.", phrase=PHRASE)
            )
