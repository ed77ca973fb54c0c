"""How long pages take through gunicorn, beside the statements that they send to the server."""

import statistics
import time

from rich.table import Table
from sqlalchemy import event

from tests.bench.pages import Web, p99
from tests.conftest import make_config, sign_in
from tests.factories import make_user
from wifiapp import create_app
from wifiapp.db import db

TIMES, REPLAYS = 200, 21
FACTOR, SPARE = 2, 10  # a page may take twice its statements' time and 10 ms


def measure(server, console, database, paths, title):
    """Print p50 and p99 of each path for an administrator, and the p50 of its statements alone."""
    asked = {path: _statements(server, database, path) for path in paths}
    table = Table(title=title)
    for head in ("", "p50 ms", "p99 ms", "its SQL, p50 ms", "most, ms", ""):
        table.add_column(head, justify="right" if head else "left")
    web = Web(server.app_url(database), server.folder)
    try:
        for path in paths:
            with console.status(path):
                p50, slowest = _pages(web, path)
                sql = _replayed(server, database, asked[path])
            most = FACTOR * sql + SPARE
            figures = [f"{figure:.1f}" for figure in (p50, slowest, sql, most)]
            table.add_row(path, *figures, "reached" if p50 <= most else "MISSED")
    finally:
        web.stop()
    console.print(table)


def _pages(web, path):
    web.path = path
    connection = web.connect()
    for _ in range(10):  # each process of gunicorn has seen it once
        web.ask(connection)
    found = [web.ask(connection) for _ in range(TIMES)]
    return statistics.median(found), p99(found)


def _statements(server, database, path):
    """Return the SELECT statements that the page sends, each with its values."""
    app, found = create_app(make_config(server.folder, server.app_url(database))), []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if statement.lstrip().startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    with app.app_context():
        user = make_user("ADMIN")
        db.session.commit()
        client = sign_in(app.test_client(), user)
        client.get(path)  # what is looked up once a process is not the page's
        event.listen(db.engine, "before_cursor_execute", note)
        answer = client.get(path)
        event.remove(db.engine, "before_cursor_execute", note)
        db.engine.dispose()
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return found


def _replayed(server, database, statements):
    """Return the median of the milliseconds that the server takes for all of them."""
    taken = []
    with server.connect(database) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET jit = off; SET random_page_cost = 1.1")
        for _ in range(REPLAYS):
            started = time.perf_counter()
            for statement, parameters in statements:
                connection.execute(statement, parameters).fetchall()
            taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)
