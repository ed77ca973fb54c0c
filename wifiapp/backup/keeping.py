"""What is kept for the undo of a restore: the newest only."""

from wifiapp.backup.running import alone, explained
from wifiapp.backup.scratch import drop, list_kept
from wifiapp.config import Config


def forget_older(config: Config) -> None:
    """Drop what was kept for an undo before the last swap; raises `Busy`."""
    with explained("Nothing was cleaned up"), alone(config, "cleaning up") as connection:
        for schema in list_kept(connection)[:-1]:
            drop(connection, schema)
