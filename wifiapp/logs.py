"""Structured logs: one line an event, one id for a request, its lines and its error page."""

import logging
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from gunicorn.glogging import Logger
from structlog.stdlib import ProcessorFormatter

if TYPE_CHECKING:
    from typing import TextIO

HEADER = "X-Request-ID"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9-]{8,64}")
_SECRETS = re.compile(r"\b((?:api_key|password)=)[^&\s\"'\\]+")  # in the URLs of hotspots
_ROUTINE = ("/static/", "/healthz")  # asked for all day; logged only when refused


class _StandardError(logging.StreamHandler["TextIO"]):
    """Writes to what `sys.stderr` is now; standard output belongs to the commands' results."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> "TextIO":  # type: ignore[override]
        return sys.stderr


def configure() -> None:
    """Send the logs of the app and of its libraries one way: JSON, or text on a terminal."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    render = ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[ProcessorFormatter.remove_processors_meta, *_renderers(), _hide_secrets],
    )
    handler = _StandardError()
    handler.setFormatter(render)
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _StandardError):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def init_app(app: Flask) -> None:
    configure()
    app.before_request(_begin)
    app.after_request(_return_id)


def request_id() -> str:
    """Return the id of this request: what an error page shows and each of its log lines carries."""
    if "request_id" not in g:
        offered = request.headers.get(HEADER, "")
        g.request_id = offered if _ACCEPTABLE.fullmatch(offered) else uuid4().hex
    return str(g.request_id)


class GunicornLogger(Logger):  # type: ignore[misc]
    """Gunicorn's logs among ours; a request is logged without its query string and cookies."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        configure()
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Log one answered request; `request_time` is how long it took."""
        del req  # its URI has the query string, and its headers the cookies
        structlog.contextvars.clear_contextvars()  # the thread's next request is another one
        status = int(str(resp.status).split()[0])
        path = environ.get("PATH_INFO", "")
        if status < 400 and path.startswith(_ROUTINE):  # noqa: PLR2004 - errors begin at 400
            return
        structlog.get_logger("wifiapp.access").info(
            "request",
            method=environ.get("REQUEST_METHOD"),
            path=path,
            status=status,
            bytes=getattr(resp, "sent", None),
            milliseconds=round(request_time.total_seconds() * 1000),
            remote=environ.get("REMOTE_ADDR"),
            request_id=dict(resp.headers).get(HEADER),
        )


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id())


def _return_id(response: Response) -> Response:
    response.headers[HEADER] = request_id()
    return response


def _renderers() -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _hide_secrets(_logger: Any, _method: str, line: Any) -> Any:
    """Black out what no line may hold, whichever library wrote the URL into it."""
    return _SECRETS.sub(r"\1…", line)
