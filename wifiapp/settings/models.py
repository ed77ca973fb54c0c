"""The settings, one row each."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.columns import UpdatedAt
from wifiapp.db import Model, archived


class Setting(Model):
    """A value by its name; `settings.queries` says what each one means."""

    __tablename__ = "settings"
    __table_args__ = (archived("system"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    updated_at: Mapped[UpdatedAt]
