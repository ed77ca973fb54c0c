"""The root of the app's own errors, and the pages that explain them."""

import contextlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from wifiapp.db import db
from wifiapp.embedded import EmbeddedError
from wifiapp.logs import request_id

API = "/api/"  # programs ask below it; they get no pages
TRY_AGAIN = {503: "5"}  # seconds


class WifiError(Exception):
    """A rule of the business said no; the message is fit to show.

    One that is about several things has `problems`: messages by the name of each.
    """

    status = 409


class NotFound(WifiError):
    """The row does not exist, or belongs to a business the viewer has no part in."""

    status = 404


def init_app(app: Flask) -> None:
    app.register_error_handler(WifiError, _explain_refusal)
    app.register_error_handler(HTTPException, _explain_status)
    app.register_error_handler(Exception, _explain_failure)
    for gone in (OperationalError, InterfaceError, PoolTimeoutError, EmbeddedError):
        app.register_error_handler(gone, _explain_database_gone)
    app.register_error_handler(ProgrammingError, _explain_broken_schema)


def _explain_refusal(error: WifiError) -> ResponseReturnValue:
    db.session.rollback()
    if request.path.startswith(API):
        return _problem(error.status, str(error), _kind(error), getattr(error, "problems", None))
    if error.status == 404:  # noqa: PLR2004 - the page for a missing row is the one for a missing page
        return _answer(404, str(error))
    return _answer(error.status, str(error), "errors/refused.html")


def _explain_status(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects are no errors
        return error
    response = current_app.make_response(_answer(error.code, error.description or error.name))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            response.headers[name] = value
    return response


def _explain_failure(error: Exception) -> ResponseReturnValue:
    structlog.get_logger().exception("request.failed", error=type(error).__name__)
    _rollback()
    return _answer(500, "Something went wrong on our side. Your data was not changed.")


def _explain_database_gone(error: Exception) -> ResponseReturnValue:
    structlog.get_logger().error("database.gone", error=str(error).split("\n", 1)[0])
    _rollback()
    return _answer(503, "The database does not answer.")


def _explain_broken_schema(error: ProgrammingError) -> ResponseReturnValue:
    """Name a missing table or column as such; any other wrong SQL is our own fault."""
    if not isinstance(error.orig, (UndefinedTable, UndefinedColumn)):
        return _explain_failure(error)
    structlog.get_logger().error("schema.broken", error=str(error.orig).split("\n", 1)[0])
    _rollback()
    return _answer(503, str(error.orig).split("\n", 1)[0], "errors/schema.html")


def _rollback() -> None:
    with contextlib.suppress(Exception):  # the connection may be the very thing that failed
        db.session.rollback()


def _answer(status: int, message: str, template: str | None = None) -> ResponseReturnValue:
    if request.path.startswith(API):
        return _problem(status, message)
    if request.path.endswith(".json") or request.accept_mimetypes.best == "application/json":
        return jsonify(status=status, error=message, request_id=request_id()), status
    template = template or f"errors/{status}.html"
    page = current_app.jinja_env.select_template([template, "errors/other.html"])
    return render_template(page, message=message, status=status, request_id=request_id()), status


def _problem(
    status: int, message: str, kind: str | None = None, problems: Mapping[str, Any] | None = None
) -> Response:
    """Return the error as programs read it (RFC 9457); `kind` says more than the status does."""
    body = {
        "type": f"urn:wifiapp:{kind}" if kind else "about:blank",
        "title": kind.replace("-", " ").capitalize() if kind else HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "requestId": request_id(),
        **({"errors": dict(problems)} if problems else {}),
    }
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    if status in TRY_AGAIN:
        response.headers["Retry-After"] = TRY_AGAIN[status]
    return response


def _kind(error: WifiError) -> str:
    """Write `SoldOut` as `sold-out`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(error).__name__).lower()
