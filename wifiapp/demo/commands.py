"""The `flask demo` commands."""

from flask.cli import AppGroup

demo = AppGroup("demo", help="Load and remove the demo shops.")
