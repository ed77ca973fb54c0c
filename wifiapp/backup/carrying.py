"""What a restore does not take away: who restores signs in as before, and the audit log goes on.

All of it runs in the transaction of the swap: the archive's rows are live then, and those from
before stand in the schema that is kept.
"""

from typing import Any

from sqlalchemy import MetaData, exists, func, insert, inspect, select, update
from sqlalchemy.orm import Session

from wifiapp.audit.models import AuditLog
from wifiapp.auth.models import User
from wifiapp.db import Model

NO_ADMIN = (
    "Nobody of this archive can administer the installation. Make an administrator on the server: "
    "flask users create EMAIL --role ADMIN"
)


def end_sessions(session: Session, kept: str) -> None:
    """End every session, also those begun before with a number that the archive's users bear."""
    before = _before(session, kept, User)
    numbers: list[Any] = [User.session_version]
    if before is not None:
        same = select(before.c.session_version).where(before.c.id == User.id)
        numbers.append(func.coalesce(same.scalar_subquery(), 0))
    session.execute(
        update(User).values(session_version=func.greatest(*numbers) + 1),
        execution_options={"synchronize_session": False},
    )


def keep_admin(session: Session, kept: str, email: str) -> bool:
    """Let the person sign in as before, as an administrator; False when there was none such.

    The row of the same id keeps its sessions too; one of another id with this email gets the
    present password.
    """
    before = _before(session, kept, User)
    if before is None:
        return False
    query = select(before).where(func.lower(before.c.email) == email.lower())
    row = session.execute(query).mappings().first()
    if row is None:
        return False
    mine = session.get(User, row[before.c.id]) or _with_email(session, email)
    if mine is None:
        values = {column.key: row[column] for column in before.columns}
        session.add(User(**values))
    else:
        mine.password_hash = row[before.c.password_hash]
        mine.must_change_password = row[before.c.must_change_password]
        mine.role, mine.is_active = "ADMIN", True
        if mine.id == row[before.c.id]:
            mine.session_version = row[before.c.session_version]
    session.flush()
    return True


def keep_what_is_for_good(session: Session, kept: str) -> None:
    """Let what was done for good stay done: a key revoked since the backup stays revoked."""
    for mapper in Model.registry.mappers:
        marked = [each for each in mapper.column_attrs if "for_good" in each.columns[0].info]
        before = _before(session, kept, mapper.class_) if marked else None
        if before is None:
            continue
        table: Any = mapper.local_table
        for done in (each.columns[0] for each in marked):
            earlier = before.columns[done.key]
            same = before.c.id == table.c.id
            change = update(table).where(same, done.is_(None), earlier.is_not(None))
            session.execute(change.values({done: earlier}))


def keep_log(session: Session, kept: str) -> None:
    """Let the audit log go on: add the entries that what is live now does not have."""
    before = _before(session, kept, AuditLog)
    if before is None:
        return
    missing = select(before).where(~exists().where(AuditLog.id == before.c.id))
    session.execute(
        insert(AuditLog).from_select([column.key for column in before.columns], missing)
    )


def has_admin(session: Session) -> bool:
    """Tell whether anybody can administer the installation."""
    return bool(
        session.scalar(select(select(User).filter_by(role="ADMIN", is_active=True).exists()))
    )


def _before(session: Session, schema: str, model: type[Model]) -> Any:
    """Return the table as it was before, None when it was not as it should be."""
    table: Any = model.__table__
    look = inspect(session.connection())
    if not look.has_table(table.name, schema=schema):
        return None
    there = {column["name"] for column in look.get_columns(table.name, schema=schema)}
    if not {column.name for column in table.columns} <= there:
        return None
    return table.to_metadata(MetaData(), schema=schema).alias("before")


def _with_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(func.lower(User.email) == email.lower()))
