"""A few connections that work side by side in one schema."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

import psycopg

from wifiapp.backup.reporting import INTERVAL, Reporter, Stopped
from wifiapp.backup.running import connected
from wifiapp.config import Config

SIZE = min(max(os.cpu_count() or 2, 2), 4)
# What a session needs that builds a lot beside others and whose work counts once it is all done.
# A quarter of the usual sample makes good plans; later the server takes its own as it sees fit.
SETTINGS = """
SELECT set_config('search_path', quote_ident(%s), false),
       set_config('synchronous_commit', 'off', false),
       set_config('max_parallel_maintenance_workers', '0', false),
       set_config('max_parallel_workers_per_gather', '0', false),
       set_config('default_statistics_target', '25', false),
       set_config('maintenance_work_mem', greatest(setting::bigint, 262144) || 'kB', false)
FROM pg_settings WHERE name = 'maintenance_work_mem'
"""

# A piece of work: takes a connection, returns what can be done once it is done.
Job = Callable[[psycopg.Connection[Any]], Sequence["Job"]]


class Crew:
    """Works through jobs; the first that fails, or `Cancelled` from the report, ends them all."""

    def __init__(self, connections: Sequence[psycopg.Connection[Any]], reporter: Reporter) -> None:
        self._connections = connections
        self._reporter = reporter
        self._idle: SimpleQueue[psycopg.Connection[Any]] = SimpleQueue()
        for connection in connections:
            self._idle.put(connection)
        self._pool = ThreadPoolExecutor(len(connections), "crew")

    def work(self, jobs: Iterable[Job]) -> None:
        """Do the jobs in this order, as many at a time as there are connections, to the last."""
        pending = {self._submit(job) for job in jobs}
        while pending:
            done, pending = wait(pending, timeout=INTERVAL, return_when=FIRST_COMPLETED)
            for future in done:
                pending |= {self._submit(job) for job in future.result()}
            self._reporter.pause()

    def stop(self) -> None:
        """Let go of what is not done yet."""
        self._reporter.stopped.set()
        for connection in self._connections:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe()
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, job: Job) -> Future[Sequence[Job]]:
        return self._pool.submit(self._do, job)

    def _do(self, job: Job) -> Sequence[Job]:
        connection = self._idle.get()
        try:
            if self._reporter.stopped.is_set():
                raise Stopped
            return job(connection)
        finally:
            self._idle.put(connection)


@contextlib.contextmanager
def crew(config: Config, schema: str, reporter: Reporter) -> Iterator[Crew]:
    """Open the connections, and end all work under way when the block is left."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connected(config)) for _ in range(SIZE)]
        for connection in connections:
            connection.execute(SETTINGS, (schema,))
        workers = Crew(connections, reporter)
        stack.callback(workers.stop)
        yield workers
