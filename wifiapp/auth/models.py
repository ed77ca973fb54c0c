"""The people who sign in, and the counters that slow down guessing."""

from sqlalchemy import Index, String, false, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from wifiapp.columns import CreatedAt, Id, Moment, UpdatedAt, one_of
from wifiapp.db import Model, archived

ROLES = ("ADMIN", "MANAGER", "SELLER")


class User(Model):
    """A person with a password and a role.

    `session_version` is part of every session cookie: raising it ends them all.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("users_email_key", func.lower(text("email")), unique=True),
        one_of("role", ROLES),
        archived("system"),
    )

    id: Mapped[Id]
    email: Mapped[str]
    name: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str]
    role: Mapped[str] = mapped_column(String(10))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    session_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    last_sign_in_at: Mapped[Moment | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]

    is_authenticated = True  # what Flask-Login asks of a user
    is_anonymous = False

    def get_id(self) -> str:
        """Return what a session cookie keeps of the user."""
        return f"{self.id}.{self.session_version}"


class RateLimit(Model):
    """A counter of one window, shared by all web workers."""

    __tablename__ = "rate_limits"
    __table_args__ = (
        archived("never", "counters of the last minutes, which a restore must not rewind"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[Moment]
    hits: Mapped[int]
