"""The audit log's page."""

from flask import Blueprint

bp = Blueprint("audit", __name__, url_prefix="/audit")
