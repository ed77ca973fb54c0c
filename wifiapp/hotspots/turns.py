"""One conversation at a time with each hotspot, whoever in whichever process wants one.

A turn is an advisory lock, all of a process's on one connection, so that two hundred hotspots
need no two hundred connections, and a killed process gives its turns back. As the same
connection may take a lock twice, a set beside it tells what this process has.
"""

import contextlib
import time
from collections.abc import Iterator
from threading import Condition
from typing import Any

import psycopg
from flask import current_app

from wifiapp.config import Config
from wifiapp.db import connect
from wifiapp.hotspots.driver import Busy

PAUSE = 0.1  # seconds between two attempts for what another process has
KEY = "hashtextextended('wifiapp hotspot ' || %s, 0)"

_TAKE = f"SELECT pg_try_advisory_lock({KEY})".encode()
_GIVE = f"SELECT pg_advisory_unlock({KEY})".encode()


@contextlib.contextmanager
def turn(hotspot_id: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the hotspot's turn; raise `Busy` when another has it for `wait` seconds."""
    turns = _of_this_app()
    turns.take(hotspot_id, wait)
    try:
        yield
    finally:
        turns.give(hotspot_id)


class Turns:
    """The turns that this process holds; the connection lasts as long as there are any."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._held: set[str] = set()
        self._connection: psycopg.Connection[Any] | None = None
        self._change = Condition()

    def take(self, hotspot_id: str, wait: float) -> None:
        """Take the turn, or raise `Busy` after `wait` seconds."""
        deadline = time.monotonic() + wait
        with self._change:
            while not self._try(hotspot_id):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Busy(
                        "Somebody else is talking with this hotspot just now. Nothing was sent to "
                        "it. Try again in a moment."
                    )
                self._change.wait(min(left, PAUSE))

    def give(self, hotspot_id: str) -> None:
        """Give the turn back."""
        with self._change:
            self._held.discard(hotspot_id)
            if self._connection:  # also before closing it, which the server learns a moment later
                with contextlib.suppress(psycopg.Error):  # with the connection went the lock
                    self._connection.execute(_GIVE, [hotspot_id])
            if not self._held:
                self._close()
            self._change.notify_all()

    def _try(self, hotspot_id: str) -> bool:
        if hotspot_id in self._held:
            return False
        try:
            is_ours = self._ask(hotspot_id)
        except psycopg.OperationalError:  # the server was restarted: once more, on a new one
            self._close()
            is_ours = self._ask(hotspot_id)
        if is_ours:
            self._held.add(hotspot_id)
        elif not self._held:
            self._close()
        return is_ours

    def _ask(self, hotspot_id: str) -> bool:
        if self._connection is None or self._connection.closed:
            self._close()
            self._connection = connect(self._config, autocommit=True)
            for held in self._held:  # the ones that went with the old connection
                self._connection.execute(_TAKE, [held])
        row = self._connection.execute(_TAKE, [hotspot_id]).fetchone()
        return bool(row and row[0])

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _of_this_app() -> Turns:
    extensions = current_app.extensions
    turns: Turns = extensions.setdefault("hotspot_turns", Turns(current_app.config["WIFIAPP"]))
    return turns
