"""Signing in and out, one's own password, and the first administrator."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import text

from wifiapp.access import COMMAND_LINE, Actor
from wifiapp.audit.record import record
from wifiapp.auth import passwords, queries, throttle
from wifiapp.auth.emails import LONGEST, checked_email, is_email
from wifiapp.auth.models import User
from wifiapp.db import db
from wifiapp.errors import WifiError

FIRST_EMAIL = "admin@wifiapp.local"
FIRST_ADMIN_LOCK = 0x77696669  # "wifi"; any number that no other advisory lock uses


class SignInRefused(WifiError):
    """The email or the password is not right; which of them is not told."""


class TooManyTries(WifiError):
    """Nothing was checked; `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many tries. Nothing was checked this time.")
        self.retry_after = retry_after


class WrongPassword(WifiError):
    """The present password is not the one that was typed."""


class WeakPassword(WifiError):
    """The new password is too easy to guess; the message says why."""


def sign_in(
    email: str, password: str, actor: Actor, now: datetime, browser: str | None = None
) -> User:
    """Return whose email and password these are, or raise `SignInRefused` or `TooManyTries`.

    `browser` is the mark of a browser that signed in to this account before (see `throttle`).
    Two transactions: a try counts before anything is checked.
    """
    limits = throttle.sign_in_limits(email, actor.ip, browser)
    visitor = replace(actor, email=email.strip()[:LONGEST])
    _count_try(limits, visitor, now)
    user = queries.find_user_by_email(email) if is_email(email.strip()) else None
    right = passwords.verify(user.password_hash if user else passwords.DECOY, password)
    if user is None or not right or not user.is_active:
        record(visitor, "user.sign_in_failed", "user", user.id if user else None)
        db.session.commit()
        raise SignInRefused("The email or the password is not right.")
    throttle.give_back(sorted(limits))
    if passwords.outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    user.last_sign_in_at = now
    record(replace(actor, user_id=user.id, email=user.email), "user.sign_in", "user", user.id)
    db.session.commit()
    return user


def sign_out(actor: Actor) -> None:
    """Write down that the actor left."""
    record(actor, "user.sign_out", "user", actor.user_id)
    db.session.commit()


def change_own_password(actor: Actor, user_id: str, old: str, new: str, now: datetime) -> User:
    """Give oneself a new password, which ends all sessions; the caller begins one again.

    Raises `WrongPassword`, `WeakPassword` or `TooManyTries`.
    """
    limits = {f"password:{user_id}": throttle.PER_ACCOUNT}
    _count_try(limits, actor, now)
    user = queries.get_user(user_id)
    if not passwords.verify(user.password_hash, old):
        raise WrongPassword("This is not your present password.")
    weakness = passwords.weakness(new, user.email)
    if new == old:
        weakness = "This is your present password. Take another."
    if weakness:
        raise WeakPassword(weakness)
    throttle.give_back(limits)
    user.password_hash = passwords.hashed(new)
    user.must_change_password = False
    user.session_version += 1
    record(actor, "user.change_password", "user", user.id)
    db.session.commit()
    return user


def confirm_password(actor: Actor, user_id: str, password: str, now: datetime) -> None:
    """Make sure that it is still the same person, before something that is hard to take back.

    Counted as a sign-in is. Raises `WrongPassword` or `TooManyTries`.
    """
    limits = {f"password:{user_id}": throttle.PER_ACCOUNT}
    _count_try(limits, actor, now)
    if not passwords.verify(queries.get_user(user_id).password_hash, password):
        raise WrongPassword("This is not your password.")
    throttle.give_back(limits)
    db.session.commit()


def ensure_first_admin(email: str | None, password: str | None) -> tuple[str, str | None] | None:
    """Make the first ADMIN of an installation without users; None when there are some.

    Returns the email and, unless it was given, the password, which is for one sign-in. Safe
    when two processes start at once. Raises `InvalidEmail` or `WeakPassword`.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": FIRST_ADMIN_LOCK})
    if queries.has_users():
        db.session.rollback()
        return None
    email = checked_email(email or FIRST_EMAIL)
    weakness = password and passwords.weakness(password, email)
    if weakness:
        raise WeakPassword(f"The first administrator's password will not do. {weakness}")
    made = None if password else passwords.one_time()
    user = User(
        email=email,
        password_hash=passwords.hashed(password or made or ""),
        role="ADMIN",
        must_change_password=made is not None,
    )
    db.session.add(user)
    db.session.flush()
    record(COMMAND_LINE, "user.create", "user", user.id, change={"email": email, "role": "ADMIN"})
    db.session.commit()
    return email, made


def _count_try(limits: dict[str, int], actor: Actor, now: datetime) -> None:
    """Count a try for good, or raise `TooManyTries`; the first one too many is written down."""
    over = [each for each in throttle.count(limits, now) if each.exceeded]
    if any(each.hits == each.limit + 1 for each in over):
        record(actor, "user.sign_in_blocked", "user", actor.user_id)
    throttle.clean(now)
    db.session.commit()
    if over:
        raise TooManyTries(max(each.wait for each in over))
