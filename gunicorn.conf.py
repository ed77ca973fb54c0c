"""Gunicorn for a shop's PC: two processes of eight threads, and patience for running requests."""

from pathlib import Path
from typing import Any

from wifiapp.config import Config
from wifiapp.db import db
from wifiapp.system import health

_config = Config.from_environment()
_host = f"[{_config.host}]" if ":" in _config.host else _config.host

bind = f"{_host}:{_config.port}"
worker_class = "gthread"
workers = _config.workers
threads = _config.threads
preload_app = True  # workers share the program's memory, and a recycled one is there at once
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats only
proc_name = "wifiapp"
control_socket_disable = True

timeout = 60  # without a sign of life of the worker; a long download is no silence
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
forwarded_allow_ips = (
    ""  # the app itself reads a proxy's headers, when WIFIAPP_BEHIND_PROXY says so
)

logger_class = "wifiapp.logs.GunicornLogger"
loglevel = "warning"
accesslog = "-"


def post_fork(server: Any, worker: Any) -> None:
    """Forget the connections that the preloaded app made: two processes must not share one."""
    del worker
    app = server.app.callable
    if app is not None:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)


def post_worker_init(worker: Any) -> None:
    """Look at the database before the first page needs it, and log what is wrong with it."""
    app = worker.app.callable
    if app is not None:
        with app.app_context():
            health.look()
