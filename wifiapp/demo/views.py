"""The demo shop's button."""

from flask import Blueprint

bp = Blueprint("demo", __name__, url_prefix="/demo")
