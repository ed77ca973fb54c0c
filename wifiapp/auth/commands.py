"""The `flask users` commands."""

from flask.cli import AppGroup

users = AppGroup("users", help="Make, list and disable users.")
