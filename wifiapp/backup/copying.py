"""Reading a table out of PostgreSQL: its COPY text in large blocks, the rows never touched."""

import select
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

BLOCK = 1 << 16  # stays in the processor's cache from the socket to the disk: a third quicker
PATIENCE = 1000  # milliseconds between two looks at whether the run shall stop


class CopyOut:
    """The CSV text of one COPY; `rows` counts on while it is read and is exact at the end."""

    def __init__(self, connection: psycopg.Connection[Any], source: str) -> None:
        self._pgconn = connection.pgconn
        self._statement = f"COPY {source} TO STDOUT (FORMAT csv, HEADER, ENCODING 'UTF8')"
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield blocks of about 64 KB; an empty one when the server keeps us waiting."""
        # Row by row through psycopg's own Copy costs more than deflating and hashing together.
        started = self._pgconn.exec_(self._statement.encode())
        if started.status != ExecStatus.COPY_OUT:
            raise _error(started)
        ready = select.poll()
        ready.register(self._pgconn.socket, select.POLLIN)
        take, rows, size = self._pgconn.get_copy_data, [], 0
        while True:
            length, row = take(1)
            if length > 0:
                rows.append(row)
                size += length
                if size < BLOCK:
                    continue
            elif length == 0:
                if ready.poll(PATIENCE):
                    self._pgconn.consume_input()
                    continue
            else:
                break
            self.rows += len(rows)
            yield b"".join(rows)
            rows.clear()
            size = 0
        yield b"".join(rows)
        self.rows = self._finish()

    def _finish(self) -> int:
        """Return the rows that the server counted."""
        result = self._pgconn.get_result()
        if result is None or result.status != ExecStatus.COMMAND_OK:
            raise _error(result or self._pgconn.make_empty_result(ExecStatus.FATAL_ERROR))
        while self._pgconn.get_result() is not None:
            pass
        return result.command_tuples or 0


def _error(result: PGresult) -> psycopg.Error:
    """Return what the server said; without a code it said nothing, the connection was lost."""
    error = psycopg.errors.error_from_result(result)
    return error if error.sqlstate else psycopg.OperationalError(*error.args)
