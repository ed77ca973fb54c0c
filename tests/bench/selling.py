"""Sales per second beside pgbench's simple-update on the same server, and how fast the till opens.

What is sold is sold by processes of their own, as gunicorn's workers are; all at one till, which
numbers its receipts one after the other.
"""

import os
import re
import statistics
import subprocess
import sys

from rich.table import Table

from tests.bench.pages import Web, p99
from tests.bench.shop import open_shop

CLIENTS = (1, 4)
SECONDS = 10
SCALE = 10  # of pgbench: a million accounts
PLANS = """SELECT id FROM token_configurations WHERE "businessId" = md5('business1')::uuid::text"""
VIEWS = 500  # times that the till is opened


def measure(server, console, sales, stock):
    """Print sales per second and p50 and p99 of the Sell page of such a shop."""
    with console.status(f"making {sales:,} sales and {stock:,} tokens in stock"):
        server.make("shop", migrated=True)
        with server.connect("shop") as connection:
            open_shop(connection, sales, stock)
            plans = [row[0] for row in connection.execute(PLANS)]
    server.make("simple", migrated=False)
    pgbench = [server.program("pgbench"), server.url("simple")]
    subprocess.run([*pgbench, "-i", "-q", "-s", str(SCALE)], check=True, capture_output=True)
    table = Table(title=f"{sales:,} sales, {stock:,} tokens in stock, {os.cpu_count()} cores")
    for head in ("clients", "sales/s", "ms a sale", "pgbench -N, tx/s", "ratio"):
        table.add_column(head, justify="right")
    for clients in CLIENTS:
        with console.status(f"{clients} tills"):
            server.settle()
            ours = _sell(server, clients, plans)
        with console.status(f"pgbench with {clients} clients"):
            server.settle()
            theirs = _update(pgbench, clients)
        figures = (f"{ours:.0f}", f"{1000 * clients / ours:.1f}", f"{theirs:.0f}")
        table.add_row(str(clients), *figures, f"{ours / theirs:.3f}")
    console.print(table)
    _print_page(server, console)


def _sell(server, clients, plans):
    """Return the sales per second of so many tills."""
    command = [sys.executable, "-m", "tests.bench.seller", server.app_url("shop")]
    command += [str(server.folder), str(SECONDS), *plans]
    tills = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(clients)
    ]
    for till in tills:
        while till.stdout.readline() not in {"ready\n", ""}:
            pass
    for till in tills:
        till.stdin.write("\n")
        till.stdin.flush()
    return sum(int(till.communicate()[0].split()[-1]) for till in tills) / SECONDS


def _update(pgbench, clients):
    """Return the simple updates per second of so many clients."""
    options = ["-N", "-n", "-M", "prepared", "-T", str(SECONDS)]
    options += ["-c", str(clients), "-j", str(min(clients, os.cpu_count()))]
    done = subprocess.run([*pgbench, *options], check=True, capture_output=True, text=True)
    return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])


def _print_page(server, console):
    web = Web(server.app_url("shop"), server.folder, "/sell")
    try:
        connection = web.connect()
        found = [web.ask(connection) for _ in range(VIEWS)]
    finally:
        web.stop()
    p50 = statistics.median(found)
    console.print(f"The Sell page, {VIEWS} times: p50 {p50:.1f} ms, p99 {p99(found):.1f} ms.")
