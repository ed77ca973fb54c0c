"""Filters of a list in the query string: a bad one gets its message and counts as not given."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import wtforms
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from wtforms import DateField, Form, SelectChoice, SelectField
from wtforms.validators import Length, Optional, ValidationError

from wifiapp.paging import UNFIT

LONGEST = 100  # characters of a search
SHOWN = 200  # characters of a bad value that are shown again
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


class ChoiceField(SelectField):  # type: ignore[misc]
    """One of the choices, in capitals or not; for any other value the message `unknown`."""

    data: str | None

    def __init__(self, label: str, unknown: str, *choices: SelectChoice, **options: Any) -> None:
        options = {"default": "", "validate_choice": False} | options
        super().__init__(label, choices=choices, **options)
        self.unknown = unknown

    def pre_validate(self, form: Form) -> None:  # noqa: ARG002 - the interface of WTForms
        known = {choice.value.casefold(): choice.value for choice in self.choices}
        wanted = (self.data or self.default).casefold()
        if wanted not in known:
            raise ValidationError(self.unknown)
        self.data = known[wanted]


class OpenField(SelectField):  # type: ignore[misc]
    """A choice of a list that is never complete: what is asked for and not in it is added to it."""

    choices: list[SelectChoice]

    def __init__(self, label: str, *choices: SelectChoice, **options: Any) -> None:
        options = {"default": "", "validate_choice": False} | options
        super().__init__(label, choices=choices, **options)
        self.is_known = True

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        """Offer the values found; `is_known` tells whether the one asked for is among them."""
        offered = list(choices)
        self.is_known = not self.data or self.data in dict(offered)
        if not self.is_known:
            offered.append((self.data, self.data))
        self.choices = [*self.choices, *(SelectChoice(*choice) for choice in offered)]


class SearchField(wtforms.SearchField):  # type: ignore[misc]
    """A text to look for, without the blanks around it."""

    def __init__(self, label: str, **options: Any) -> None:
        message = _l("A search has at most %(longest)s characters.", longest=LONGEST)
        super().__init__(
            label, [Length(max=LONGEST, message=message)], filters=[_stripped], **options
        )


class DayField(DateField):  # type: ignore[misc]
    """A calendar day, written 2026-11-22."""

    def __init__(self, label: str, **options: Any) -> None:
        message = _l("Enter a day such as 2026-11-22.")
        super().__init__(label, [Optional(), _in_range], invalid_value_message=message, **options)


class FilterForm(Form):  # type: ignore[misc]
    """The filters of one list, checked on reading."""

    def __init__(self, args: MultiDict[str, str], **choices: Iterable[tuple[str, str]]) -> None:
        """Read the query string; `choices` are added to those of the fields, as (value, label)."""
        super().__init__(MultiDict({name: _fitting(value) for name, value in args.items()}))
        for name, more in choices.items():
            field = self[name]
            field.choices = [*field.choices, *(SelectChoice(*choice) for choice in more)]
        self.validate()

    def value(self, name: str) -> Any:
        """Return what to filter by: the default where nothing usable was given."""
        field = self[name]
        return field.default if field.errors else field.data

    @property
    def applied(self) -> dict[str, str]:
        """Return the filters in force as they stand in the query string."""
        return {
            field.name: str(field.data)
            for field in self
            if field.data and field.data != field.default and not field.errors
        }

    def refuse_errors(self) -> None:
        """Refuse the whole request with the messages: a file must not leave out a filter."""
        if self.errors:
            said = (str(each) for errors in self.errors.values() for each in errors)
            raise BadRequest(" ".join(said))


def _fitting(value: str) -> str:
    """Make a value fit to be shown and looked for: not endless, no NUL, no half characters."""
    return UNFIT.sub("\N{REPLACEMENT CHARACTER}", value[:SHOWN])


def _stripped(value: str | None) -> str:
    return (value or "").strip()


def _in_range(form: Form, field: DateField) -> None:  # noqa: ARG001 - the interface of WTForms
    if field.data and not FIRST_DAY <= field.data < LAST_DAY:
        field.data = None
        raise ValidationError(_l("Choose a day between 2000 and 2099."))
