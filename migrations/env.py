"""Run the migrations on the app's own engine and against the app's own models.

`flask db …` works on the live schema. The doctor and the backup engine hand over a connection
of their own in `config.attributes["connection"]`, whose search_path names the one schema to
work in; then nothing is committed here. `config.attributes["on_version_apply"]` is called after
each migration.
"""

from datetime import UTC, datetime

from alembic import context
from flask import current_app
from sqlalchemy import text

from wifiapp.columns import UtcDateTime
from wifiapp.db import db


def name_by_time(_context, _revision, scripts):
    """Give a new migration the time as its id, so that files sort by age."""
    for script in scripts:
        script.rev_id = datetime.now(UTC).strftime("%Y%m%d%H%M%S")


def render_plain_types(kind, item, _context):
    """Write plain SQLAlchemy types, so that no migration imports the app."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


options = {
    "target_metadata": db.metadata,
    "process_revision_directives": name_by_time,
    "render_item": render_plain_types,
    **current_app.extensions["migrate"].configure_args,
}


def run(connection):
    look = context.config.attributes.get("on_version_apply", ())
    context.configure(connection=connection, on_version_apply=look, **options)
    with context.begin_transaction():
        # A migration that cannot have its lock soon gives way to the shop and says so,
        # instead of making every page wait behind it.
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '30min'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(url=db.engine.url, literal_binds=True, **options)
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    run(given)
else:
    with db.engine.connect() as connection:
        run(connection)
