"""Every question asked of the demo data."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select

from wifiapp.businesses.models import Business
from wifiapp.db import db
from wifiapp.demo.belongings import shared_tables, used_by


def has_demo() -> bool:
    """Tell whether a demo shop is there."""
    return bool(db.session.scalar(select(exists().where(Business.is_demo))))


def count_businesses() -> int:
    """Count all businesses, demo shops too: none means a new installation."""
    return db.session.scalar(select(func.count()).select_from(Business)) or 0


def list_demo_names() -> Sequence[str]:
    """Return the names of the demo shops in order."""
    return db.session.scalars(select(Business.name).where(Business.is_demo).order_by("name")).all()


def list_shared_with_real() -> Sequence[str]:
    """Return the names of what demo shops and real businesses both use: such hotspots."""
    return [
        name
        for table, columns in shared_tables().items()
        for name in db.session.scalars(
            select(table.c.name)
            .where(used_by(columns, demo=True), used_by(columns, demo=False))
            .order_by(table.c.name)
        )
    ]
