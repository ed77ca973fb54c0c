"""Changes to the users by an administrator, on the page or at the command line."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from wifiapp.access import Actor
from wifiapp.audit.changes import differences
from wifiapp.audit.record import record
from wifiapp.auth import passwords, throttle
from wifiapp.auth.emails import checked_email
from wifiapp.auth.models import User
from wifiapp.auth.operations import WeakPassword
from wifiapp.businesses.models import Business, Membership
from wifiapp.db import db
from wifiapp.errors import NotFound, WifiError


class EmailTaken(WifiError):
    """Another user has this email address already."""


class LastAdmin(WifiError):
    """Without this administrator nobody could manage the installation."""


class NotYourself(WifiError):
    """One cannot shut oneself out."""


def create_user(
    actor: Actor,
    email: str,
    role: str,
    *,
    name: str = "",
    business_ids: Collection[str] = (),
    password: str | None = None,
) -> tuple[User, str | None]:
    """Make a user; without a password, return one for the first sign-in beside it.

    Raises `InvalidEmail`, `EmailTaken`, `WeakPassword`, `NotFound` (a business).
    """
    email = checked_email(email)
    password_hash, made = _given_or_made(password, email)
    user = User(
        email=email,
        name=name.strip(),
        role=role,
        password_hash=password_hash,
        must_change_password=made is not None,
    )
    db.session.add(user)
    try:
        db.session.flush()
    except IntegrityError as error:
        db.session.rollback()
        raise EmailTaken(f"There is a user with the email {email} already.") from error
    names = _join(user, business_ids)
    change = {"email": email, "role": role, "name": user.name, "businesses": names}
    record(actor, "user.create", "user", user.id, change=change)
    db.session.commit()
    return user, made


def change_user(
    actor: Actor, user_id: str, *, name: str, role: str, business_ids: Collection[str]
) -> User:
    """Give a user another name, role or businesses; another role ends its sessions.

    Raises `LastAdmin`, `NotFound` (the user or a business).
    """
    user, admins = _locked(user_id)
    _keep_an_admin(user, admins, stays=role == "ADMIN" and user.is_active)
    before = {"name": user.name, "role": user.role, "businesses": _business_names(user)}
    if user.role != role:
        user.session_version += 1
    user.name, user.role = name.strip(), role
    after = {"name": user.name, "role": role, "businesses": _join(user, business_ids)}
    changed = differences(before, after)
    if changed:
        record(actor, "user.change", "user", user.id, change={"email": user.email, **changed})
    db.session.commit()
    return user


def disable_user(actor: Actor, user_id: str) -> User:
    """Shut a user out at once, or raise `LastAdmin`, `NotYourself`, `NotFound`."""
    user, admins = _locked(user_id)
    if user.id == actor.user_id:
        raise NotYourself("You cannot disable yourself. Another administrator can.")
    _keep_an_admin(user, admins, stays=False)
    if user.is_active:
        user.is_active = False
        user.session_version += 1
        record(actor, "user.disable", "user", user.id, change={"email": user.email})
    db.session.commit()
    return user


def enable_user(actor: Actor, user_id: str) -> User:
    """Let a disabled user in again, or raise `NotFound`."""
    user, _admins = _locked(user_id)
    if not user.is_active:
        user.is_active = True
        record(actor, "user.enable", "user", user.id, change={"email": user.email})
    db.session.commit()
    return user


def reset_password(actor: Actor, user_id: str, password: str | None = None) -> str | None:
    """Replace a user's password and end its sessions; return the one-time password made.

    None is returned when the password was given. Raises `WeakPassword`, `NotFound`.
    """
    user, _admins = _locked(user_id)
    user.password_hash, made = _given_or_made(password, user.email)
    user.must_change_password = made is not None
    user.session_version += 1
    throttle.forget_account(user.email)
    record(actor, "user.reset_password", "user", user.id, change={"email": user.email})
    db.session.commit()
    return made


def _given_or_made(password: str | None, email: str) -> tuple[str, str | None]:
    """Return the hash, and the one-time password when none was given."""
    made = passwords.one_time() if password is None else None
    weakness = passwords.weakness(password, email) if password is not None else None
    if weakness:
        raise WeakPassword(weakness)
    return passwords.hashed(password or made or ""), made


def _locked(user_id: str) -> tuple[User, Sequence[str]]:
    """Return the user and the ids of the active administrators, all locked until the commit.

    Whoever else changes a user waits here and then sees what was changed, so two
    administrators cannot disable each other at the same moment.
    """
    active = select(User.id).where(User.role == "ADMIN", User.is_active).order_by(User.id)
    admins = db.session.scalars(active.with_for_update()).all()
    user = db.session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFound("There is no such user.")
    return user, admins


def _keep_an_admin(user: User, admins: Sequence[str], *, stays: bool) -> None:
    if not stays and list(admins) == [user.id]:
        raise LastAdmin(
            f"{user.email} is the last active administrator. Nothing was changed. "
            "Make another user an administrator first."
        )


def _join(user: User, business_ids: Collection[str]) -> list[str]:
    """Make the user a member of these businesses alone; return their names."""
    db.session.execute(
        delete(Membership).where(
            Membership.user_id == user.id, Membership.business_id.not_in(business_ids)
        )
    )
    present = set(db.session.scalars(select(Membership.business_id).filter_by(user_id=user.id)))
    for business_id in sorted(set(business_ids) - present):
        if db.session.get(Business, business_id) is None:
            db.session.rollback()
            raise NotFound(f"There is no business {business_id}.")
        db.session.add(Membership(user_id=user.id, business_id=business_id))
    db.session.flush()
    return _business_names(user)


def _business_names(user: User) -> list[str]:
    of_user = select(Business.name).join(Membership, Membership.business_id == Business.id)
    query = of_user.where(Membership.user_id == user.id).order_by(Business.name, Business.id)
    return list(db.session.scalars(query))
