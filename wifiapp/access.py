"""Every route names who may use it; one that names nobody is open to nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
ANYBODY = "ANYBODY"
KEY = "KEY"  # of a program; `api.guard` marks its views so and asks for the key
EVERY_ROLE = ("ADMIN", "MANAGER", "SELLER")


def allow(*roles: str) -> Callable[[View], View]:
    """Open a view to signed-in people with one of the roles (ADMIN, MANAGER, SELLER)."""
    return _mark(frozenset(roles))


def allow_anybody(view: View) -> View:
    """Open a view to people who have not signed in; a guard test lists these views."""
    return _mark(frozenset({ANYBODY}))(view)


def allow_keys(view: View) -> View:
    """Leave a view, which asks for a key itself, out of what people sign in for."""
    return _mark(frozenset({KEY}))(view)


def allowed(view: Callable[..., Any]) -> frozenset[str]:
    """Return the roles a view is open to; empty when it names none."""
    found: frozenset[str] = getattr(view, "_allowed", frozenset())
    return found


def _mark(roles: frozenset[str]) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view._allowed = roles  # type: ignore[attr-defined]  # noqa: SLF001 - read by `allowed`
        return view

    return mark


@dataclass(frozen=True)
class Viewer:
    """Who looks, and at which rows: queries take one and show no row beyond it.

    `business_ids` None means every business (ADMIN). `only_sales_by` is the user id whose
    sales alone are shown (SELLER), None for all.
    """

    user_id: str
    role: str
    business_ids: frozenset[str] | None
    only_sales_by: str | None = None

    def sees(self, business_id: str) -> bool:
        """Tell whether the rows of the business are shown."""
        return self.business_ids is None or business_id in self.business_ids


@dataclass(frozen=True)
class Actor:
    """Who changes something, as the audit log keeps it."""

    user_id: str | None
    email: str
    ip: str | None = None
    request_id: str | None = None


COMMAND_LINE = Actor(user_id=None, email="command line")
WORKER = Actor(user_id=None, email="worker")
