"""The `flask backup` commands."""

from flask.cli import AppGroup

backup = AppGroup("backup", help="Make, verify and restore backups.")
