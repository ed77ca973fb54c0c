"""The System page and /healthz."""

from flask import Blueprint

bp = Blueprint("system", __name__, url_prefix="/system")
