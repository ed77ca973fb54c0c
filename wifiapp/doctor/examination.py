"""Examining the app's own database."""

from sqlalchemy.orm import Session

from wifiapp.db import db
from wifiapp.doctor.checkup import Report, examine


def examine_now() -> Report:
    """Examine the database of the current app, on a connection of its own."""
    with Session(db.engine) as session:
        return examine(session.connection())
