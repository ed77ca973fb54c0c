"""What a person types about a hotspot that is called."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    PasswordField,
    StringField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from wifiapp.hotspots.addresses import BadAddress, parse
from wifiapp.hotspots.driver import (
    Access,
    Capabilities,
    Denied,
    HotspotError,
    Identity,
    Network,
    Unreachable,
    WrongBox,
)
from wifiapp.hotspots.setups import Setup, problems, unknown_networks

LONGEST_SECRET = 128
NEW_SECRET = {"autocomplete": "new-password", "spellcheck": "false", "autocapitalize": "none"}
AS_TYPED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
SECRET_LENGTH = Length(max=LONGEST_SECRET, message=_l("Take at most 128 characters."))


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _stripped(text: str | None) -> str:
    return (text or "").strip()


class SecondsField(IntegerField):  # type: ignore[misc]
    """A whole number of seconds; the default where a page does not ask for it."""

    widget = StringField.widget

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("Enter a whole number of seconds.")) from None


class ServedForm(Form):  # type: ignore[misc]
    """Whether a hotspot serves a business, and on which network."""

    business_id = HiddenField()
    serves = BooleanField()
    ssid = StringField(_l("Network (SSID)"), render_kw=AS_TYPED)


class SecretForm(FlaskForm):  # type: ignore[misc]
    """A secret that the box accepts."""

    secret = PasswordField(
        _l("New secret"),
        [InputRequired(_l("Enter the secret that the hotspot accepts now.")), SECRET_LENGTH],
        render_kw=NEW_SECRET,
        filters=[_stripped],
    )

    def show_failure(self, error: HotspotError) -> None:
        """Put what came of a test beside the field that it is about."""
        if isinstance(error, Denied):
            self.secret.errors = [str(error)]
        else:
            self.form_errors.append(str(error))


class AcceptForm(SecretForm):
    """The other box that is to be taken; `tested` carries what was shown of it."""

    secret = PasswordField(
        _l("Its secret, if it has another one"),
        [Optional(), SECRET_LENGTH],
        render_kw=NEW_SECRET,
        filters=[_stripped],
    )
    tested = HiddenField()


class BoxForm(FlaskForm):  # type: ignore[misc]
    """The setup of a hotspot; `tested` carries what a test has proved from page to page."""

    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name."))],
        description=_l("Where it stands, such as “Counter”."),
        render_kw={"autocomplete": "off"},
        filters=[_one_line],
    )
    address = StringField(
        _l("Address"),
        [InputRequired(_l("Enter the address that it has in your network."))],
        description=_l("Such as 192.168.1.5, with :8080 after it when its port is not the usual."),
        render_kw={"inputmode": "url", **AS_TYPED},
        filters=[_stripped],
    )
    username = StringField(_l("User name"), render_kw=AS_TYPED, filters=[_stripped])
    secret = PasswordField(
        _l("Secret"), [Optional(), SECRET_LENGTH], render_kw=NEW_SECRET, filters=[_stripped]
    )
    poll_interval = SecondsField(
        _l("Ask it every … seconds"),
        default=30,
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
    served = FieldList(FormField(ServedForm))
    untested = BooleanField(_l("Save it although it was not tested"))
    tested = HiddenField()

    def __init__(self, can: Capabilities, businesses: Iterable[Any], **options: Any) -> None:
        """Take the businesses that may be served; rows sent for any other are dropped."""
        super().__init__(**options)
        self.can = can
        self.names = {each.id: each.name for each in businesses}
        self.networks: tuple[Network, ...] = ()
        self.is_silent = False
        sent = {row.business_id.data: row.data for row in self.served}
        while self.served.entries:
            self.served.pop_entry()
        for business_id in self.names:
            row = sent.get(business_id) or {"serves": len(self.names) == 1 and not sent}
            self.served.append_entry({**row, "business_id": business_id})

    def validate_address(self, field: Any) -> None:
        try:
            field.data = parse(field.data)
        except BadAddress as error:
            raise ValidationError(str(error)) from None

    def check(self) -> bool:
        """Validate, also against what the system needs."""
        good = self.validate()
        self.show({k: v for k, v in problems(self.setup(), self.can).items() if not self._told(k)})
        return good and not self.errors

    def _told(self, name: str) -> bool:
        return bool(name in self._fields and self[name].errors)

    def setup(self) -> Setup:
        """Return what was typed."""
        rows = [row.data for row in self.served if row.serves.data]
        return Setup(
            name=self.name.data or "",
            address=self.address.data or "",
            username=self.username.data or None if self.can.needs_username else None,
            poll_interval=self.poll_interval.data or 0,
            served={row["business_id"]: _stripped(row["ssid"]) or None for row in rows},
        )

    def show(self, found: Mapping[str, str]) -> None:
        """Put messages beside the fields that they are about."""
        rows = {row.business_id.data: row for row in self.served}
        for name, message in found.items():
            field, _colon, business_id = name.partition(":")
            if business_id:
                rows[business_id].ssid.errors = [message]
                self.served.errors = [*self.served.errors, {}]  # the form is refused with its row
            elif field in self._fields:
                self[field].errors = [message]
            else:
                self.form_errors.append(message)

    def show_failure(self, error: HotspotError) -> None:
        """Put what came of a test beside the field that it is about."""
        self.is_silent = isinstance(error, Unreachable)
        if isinstance(error, Denied):
            self.secret.errors = [str(error)]
        elif isinstance(error, (Unreachable, WrongBox)):
            self.address.errors = [str(error)]
        else:
            self.form_errors.append(str(error))

    def check_networks(self, identity: Identity) -> None:
        """Offer the networks that were found, and refuse others where the name matters."""
        self.networks = tuple(each for each in identity.networks if each.is_guest)
        if self.can.needs_ssid:
            self.show(unknown_networks(self.setup(), self.networks))

    def access(self, system: str, secret: str) -> Access:
        """Return how the box is reached."""
        return Access(system, self.setup().address, secret, self.setup().username)

    def is_at(self, access: Access) -> bool:
        """Tell whether the form still is about the box that was tested."""
        return (access.address, access.username) == (self.setup().address, self.setup().username)

    def moves(self, hotspot: Any) -> bool:
        """Tell whether the hotspot is to be reached in another way than before."""
        return bool(
            (hotspot.address, hotspot.username) != (self.address.data, self.setup().username)
        )

    def needs_secret(self, hotspot: Any) -> str:
        """Return why a secret has to be typed."""
        why = _("Enter the secret.")
        if hotspot and hotspot.address == self.address.data:
            why = _("The stored secret cannot be read any more. Enter it again.")
        elif hotspot:
            why = _("Enter the secret again, as it would be sent to another address.")
        return str(why)

    @staticmethod
    def written(hotspot: Any, served: Iterable[Any]) -> dict[str, Any]:
        """Return the setup of a hotspot as the fields show it."""
        return {
            "name": hotspot.name,
            "address": hotspot.address,
            "username": hotspot.username,
            "poll_interval": hotspot.poll_interval,
            "served": [
                {"business_id": each.business_id, "serves": True, "ssid": each.ssid or ""}
                for each in served
            ],
        }
