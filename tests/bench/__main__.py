"""Measure backup and restore beside PostgreSQL's own tools: `python -m tests.bench --size 1GB`.

Every round runs every way once, on the same data and the same server; what counts is the median.
The engine is measured within the app that is up already, as the worker runs it; memory is what
it takes beyond the app at rest.
"""

import argparse
import json
import logging
import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import analytics, pages, presence, rollups, selling
from tests.bench.data import fill
from tests.bench.server import running

UNITS = {"MB": 10**6, "GB": 10**9}


@dataclass
class Run:
    """One run: seconds of wall clock and of CPU (client and server), MB of memory, bytes."""

    seconds: float
    cpu: float
    memory: float
    size: int | None = None
    lock: float | None = None


class Bench:
    def __init__(self, server, console):
        self.server = server
        self.console = console
        self.folder = server.folder
        self.runs = {}

    def measure(self, name, run):
        self.server.settle()
        before = self.server.cpu()
        with self.console.status(name):
            result = run()
        result.cpu += self.server.cpu() - before
        self.runs.setdefault(name, []).append(result)

    # -- ways ----------------------------------------------------------------------------------

    def command(self, *words, output=None):
        """Run one of PostgreSQL's programs, or a pipe of them; `output` is what it writes."""
        started = time.perf_counter()
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        memory = _watch(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{words[0]} ended with {process.returncode}")
        size = output.stat().st_size if output else None
        return Run(seconds, used.ru_utime + used.ru_stime, memory, size)

    def ours(self, what, database, path):
        command = [sys.executable, "-m", "tests.bench.ours", what]
        command += [self.server.app_url(database), str(path)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        memory = found["peak"] - found["rest"]
        return Run(found["seconds"], found["cpu"], memory, found.get("size"), found["lock"])

    def raw_copy(self):
        with self.server.connect("source") as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'")
            copies = [f"COPY {name} TO STDOUT (FORMAT csv)" for (name,) in tables]
        words = [word for copy in copies for word in ("-c", copy)]
        return self.command(self.server.program("psql"), "-q", self.server.url("source"), *words)

    def dump(self, name, *options):
        path = self.folder / f"{name}.dump"
        pg_dump = self.server.program("pg_dump")
        source = self.server.url("source")
        return self.command(pg_dump, "-Fc", *options, "-f", str(path), source, output=path)

    def dump_zstd(self):
        """Let pg_dump compress by zstd; in builds that cannot, let zstd do it beside it."""
        if self.has_zstd():
            return self.dump("zstd", "-Z", "zstd:1")
        path = self.folder / "zstd.dump"
        pipe = f"{self.server.program('pg_dump')} -Fc -Z 0 '{self.server.url('source')}'"
        return self.command("sh", "-c", f"{pipe} | zstd -q -1 -T1 -f -o {path}", output=path)

    def has_zstd(self):
        probe = ["-Fc", "-Z", "zstd:1", "--schema-only", self.server.url("source")]
        command = [self.server.program("pg_dump"), *probe]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def pg_restore(self, jobs):
        self.server.make("target", migrated=False)
        self.server.settle()
        words = ("pg_restore", "-j", str(jobs), "-d", self.server.url("target"))
        return self.command(self.server.program(words[0]), *words[1:], str(self.folder / "gz.dump"))

    # -- a round -------------------------------------------------------------------------------

    def round(self):
        archive = self.folder / "archive.zip"
        archive.unlink(missing_ok=True)
        self.measure("raw COPY", self.raw_copy)
        self.measure("pg_dump -Fc", lambda: self.dump("gz"))
        if self.has_zstd() or shutil.which("zstd"):
            self.measure("pg_dump -Fc, zstd:1", self.dump_zstd)
        self.measure("ours: create", lambda: self.ours("create", "source", archive))
        self.measure("ours: verify", lambda: self.ours("verify", "source", archive))
        self.measure("pg_restore -j1", lambda: self.pg_restore(1))
        self.measure("pg_restore -j2", lambda: self.pg_restore(2))
        self.server.make("target", migrated=True)
        self.measure("ours: restore", lambda: self.ours("restore", "target", archive))

    # -- what came of it -----------------------------------------------------------------------

    def median(self, name, what="seconds"):
        found = [getattr(run, what) for run in self.runs.get(name, ())]
        return statistics.median(found) if found and None not in found else None

    def aims(self):
        """Return what was aimed at: words, what was measured, the most it may be."""
        create, restore = "ours: create", "ours: restore"
        ours = [self.median(f"ours: {what}", "memory") for what in ("create", "verify", "restore")]
        return [
            ("create / pg_dump -Fc", self.ratio(create, "pg_dump -Fc"), 0.30),
            ("create / pg_dump -Fc, zstd:1", self.ratio(create, "pg_dump -Fc, zstd:1"), 1.30),
            ("size / pg_dump -Fc", self.ratio(create, "pg_dump -Fc", "size"), 1.15),
            ("restore / pg_restore -j1", self.ratio(restore, "pg_restore -j1"), 0.75),
            ("restore / pg_restore -j2", self.ratio(restore, "pg_restore -j2"), 1.10),
            ("verify / restore", self.ratio("ours: verify", restore), 1.00),
            ("lock of the swap, ms", self.median(restore, "lock"), 100),
            ("memory beyond the app at rest, MB", max(ours), 64),
        ]

    def ratio(self, ours, theirs, what="seconds"):
        measure, base = self.median(ours, what), self.median(theirs, what)
        return measure / base if measure and base else None

    def print(self, size):
        rounds = len(self.runs["ours: create"])
        table = Table(title=f"{size} of rows as CSV, median of {rounds}")
        for head in ("", "seconds", "CPU s", "memory MB", "size MB"):
            table.add_column(head, justify="right" if head else "left")
        for name in self.runs:
            figures = [self.median(name, what) for what in ("seconds", "cpu", "memory")]
            bytes_ = self.median(name, "size")
            last = f"{bytes_ / 1e6:.1f}" if bytes_ else ""
            table.add_row(name, *(f"{figure:.2f}" for figure in figures), last)
        self.console.print(table)
        table = Table(title="aims")
        for head in ("", "measured", "at most", ""):
            table.add_column(head, justify="right" if head else "left")
        for words, found, most in self.aims():
            said = "" if found is None else "reached" if found <= most else "MISSED"
            shown = "not measured here" if found is None else f"{found:.2f}"
            table.add_row(words, shown, f"{most:.2f}", said)
        self.console.print(table)
        if not self.has_zstd():
            self.console.print("This pg_dump is built without zstd; the zstd program stood in.")


def _watch(pid):
    """Wait until the process ends, and return the most memory it was seen to have, in MB.

    What the kernel tells of it afterwards counts the moment before its program was loaded, too.
    """
    ended, memory = select.poll(), 0
    ended.register(os.pidfd_open(pid), select.POLLIN)
    while not ended.poll(50):
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        memory = max(memory, int(found[1]) if found else 0)
    return memory / 1024


def parse_size(text):
    found = re.fullmatch(r"(\d+)(MB|GB)", text.upper())
    if not found:
        raise argparse.ArgumentTypeError("a size looks like 100MB or 1GB")
    return int(found[1]) * UNITS[found[2]]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--size", default=os.environ.get("SIZE") or "100MB", help="100MB, 1GB, …")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", action="store_true", help="how pages fare meanwhile, instead")
    parser.add_argument("--selling", action="store_true", help="how fast tokens sell, instead")
    parser.add_argument("--analytics", action="store_true", help="analytics of a year, instead")
    parser.add_argument("--rollups", action="store_true", help="a year of roll-ups, instead")
    parser.add_argument("--sales", type=int, help="sales of the shop that sells, or of the year")
    parser.add_argument("--stock", type=int, default=100_000, help="tokens that it has in stock")
    parser.add_argument("--presence", action="store_true", help="polling hotspots, instead")
    parser.add_argument("--minutes", type=int, default=60, help="of guests who come and go")
    given = parser.parse_args()
    size = parse_size(given.size)
    logging.disable(logging.INFO)
    console = Console(stderr=False, width=100)
    with running() as server:
        if given.selling:
            selling.measure(server, console, given.sales or 200_000, given.stock)
            return
        if given.analytics:
            analytics.measure(server, console, given.sales or 1_000_000, given.rounds)
            return
        if given.rollups:
            rollups.measure(server, console, given.sales or 200_000, given.rounds)
            return
        with console.status("making the data"):
            server.make("source", migrated=True)
            with server.connect("source") as connection:
                fill(connection, size)
        if given.presence:
            presence.measure(server, console, given.rounds, given.minutes)
            return
        if given.pages:
            pages.measure(server, console, given.rounds)
            return
        bench = Bench(server, console)
        for _ in range(given.rounds):
            bench.round()
        bench.print(given.size)


if __name__ == "__main__":
    main()
