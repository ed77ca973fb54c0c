"""How long what reads and writes the analytics takes at a year of many sales and connections.

The minute's roll-up after a sale and a connection, that of weeks and months, the check of a month
and of the year, and the pages for an administrator of all shops.
"""

import statistics
from datetime import timedelta

from rich.table import Table
from sqlalchemy import text

from tests.bench import latency, year
from tests.bench.rollups import timed
from tests.conftest import make_config
from wifiapp import clock, create_app
from wifiapp.analytics.check_queries import check
from wifiapp.analytics.rollup_operations import roll_up
from wifiapp.db import db

SHOPS = 4
PAGES = (
    "/",
    "/analytics",
    "/analytics?by=week&period=52-weeks",
    "/analytics?by=month&period=12-months&compare=before",
    "/analytics?business=b1",
    "/analytics/week",
    "/sales",
    "/sales?period=last-month",
)
# What happens in a minute: a sale, and a guest who comes.
CHANGES = """
UPDATE wifi_token_sales SET "soldAt" = :now WHERE id = 's1';
UPDATE device_sessions SET "startedAt" = :now, "endedAt" = NULL, "endReason" = NULL
WHERE id = 'x1';
"""


def measure(server, console, sales, rounds):
    server.make("analytics", migrated=True)
    app = create_app(make_config(server.folder, server.app_url("analytics")))
    now = clock.now()
    with app.app_context():
        with console.status(f"making a year of {sales:,} sales and connections"):
            year.fill(sales, now - timedelta(days=364), SHOPS)
        found = _work(console, rounds, now)
        db.session.remove()
        db.engine.dispose()
    table = Table(title=f"a year of {sales:,} sales and connections in {SHOPS} shops")
    for head in ("", "seconds"):
        table.add_column(head, justify="right" if head else "left")
    for name, seconds in found.items():
        table.add_row(name, f"{seconds:.2f}")
    console.print(table)
    latency.measure(server, console, "analytics", PAGES, "pages of the analytics")


def _work(console, rounds, now):
    """Return the median of the seconds that each kind of work takes."""
    with console.status("rolling up the year"):
        found = {"the whole year rolled up": [timed(lambda: roll_up(now))]}
    work = {
        "a minute's roll-up": lambda: roll_up(now, longer=False),
        "and that of weeks and months": lambda: roll_up(now),
        "check of the last week": lambda: _check(now, 7),
        "check of the last month": lambda: _check(now, 31),
        "check of the year": lambda: _check(now, 365),
    }
    for _ in range(rounds):
        now += timedelta(minutes=1)
        for statement in CHANGES.split(";")[:-1]:
            db.session.execute(text(statement), {"now": now.replace(tzinfo=None)})
        db.session.commit()
        for name, step in work.items():
            with console.status(name):
                found.setdefault(name, []).append(timed(step))
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def _check(now, days):
    verdict = check(now.date() - timedelta(days=days), now.date(), now)
    db.session.rollback()
    if verdict.mismatches or verdict.left_out:
        raise SystemExit(f"{verdict.mismatches[:3]}, {verdict.left_out} left out")
