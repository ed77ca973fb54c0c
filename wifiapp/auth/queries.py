"""Every question asked of the users."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from wifiapp.auth.models import User
from wifiapp.businesses.models import Business, Membership
from wifiapp.db import db
from wifiapp.errors import NotFound


@dataclass(frozen=True)
class ListedUser:
    """A user and the businesses it belongs to, by name."""

    user: User
    businesses: Sequence[Business]


def find_user_by_email(email: str) -> User | None:
    """Return the user, whatever the case the email is typed in."""
    query = select(User).where(func.lower(User.email) == func.lower(email.strip()))
    return db.session.scalar(query)


def get_user_by_email(email: str) -> User:
    """Return the user, or raise `NotFound`."""
    user = find_user_by_email(email)
    if user is None:
        raise NotFound(f"There is no user {email}. `flask users list` shows them all.")
    return user


def get_user(user_id: str) -> User:
    """Return the user, or raise `NotFound`."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def find_session_user(session_id: str) -> User | None:
    """Return whom a session cookie names, None when the session was ended since."""
    user_id, _, _version = session_id.rpartition(".")
    user = db.session.get(User, user_id)
    if user is None or not user.is_active or user.get_id() != session_id:
        return None
    return user


def has_users() -> bool:
    return db.session.scalar(select(select(User.id).exists())) or False


def list_users() -> list[ListedUser]:
    """Return everybody, active ones first, by email."""
    memberships = select(Membership.user_id, Business).join(
        Business, Business.id == Membership.business_id
    )
    of: defaultdict[str, list[Business]] = defaultdict(list)
    for user_id, business in db.session.execute(memberships.order_by(Business.name, Business.id)):
        of[user_id].append(business)
    users = select(User).order_by(User.is_active.desc(), func.lower(User.email))
    return [ListedUser(user, of[user.id]) for user in db.session.scalars(users)]
