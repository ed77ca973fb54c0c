"""The `flask businesses` commands."""

from flask.cli import AppGroup

businesses = AppGroup("businesses", help="Add and list businesses.")
