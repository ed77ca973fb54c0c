"""The backup pages."""

from flask import Blueprint

bp = Blueprint("backup", __name__, url_prefix="/backups")
