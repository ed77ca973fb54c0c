"""One id joins a request, its log lines and its error page; secrets stay out of the log."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
import structlog

from wifiapp import logs


@pytest.mark.parametrize("offered", ["abcdefgh", "0123-4567-89ab-CDEF", "x" * 64])
def test_a_sound_request_id_is_taken_over(client, offered):
    response = client.get("/healthz", headers={"X-Request-ID": offered})
    assert response.headers["X-Request-ID"] == offered


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "<script>alert(1)</script>", "a b c d e f"]
)
def test_any_other_is_replaced_by_one_of_ours(client, offered):
    response = client.get("/healthz", headers={"X-Request-ID": offered})
    assert response.headers["X-Request-ID"] != offered
    assert len(response.headers["X-Request-ID"]) == 32


def test_an_error_page_shows_the_id_of_its_request(client):
    response = client.get("/no-such-page", headers={"X-Request-ID": "find-me-again"})
    assert response.status_code == 404
    assert "find-me-again" in response.text


def test_an_event_is_one_line_of_json_with_the_id_of_its_request(capsys):
    logs.configure()
    structlog.contextvars.bind_contextvars(request_id="find-me-again")
    try:
        structlog.get_logger().warning("stock.low", plan="1 hour")
        logging.getLogger("a.library").error("it %s", "broke")
    finally:
        structlog.contextvars.clear_contextvars()
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["level"], ours["plan"]) == ("stock.low", "warning", "1 hour")
    assert (theirs["event"], theirs["level"]) == ("it broke", "error")
    assert ours["request_id"] == theirs["request_id"] == "find-me-again"


def answered(path, status="200 OK", query="", **headers):
    """Log one request as gunicorn would after answering it."""
    logger = logs.GunicornLogger.__new__(logs.GunicornLogger)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}",
        "HTTP_COOKIE": "wifiapp_session=secret-cookie",
        "REMOTE_ADDR": "192.0.2.7",
    }
    response = SimpleNamespace(status=status, sent=12, headers=list(headers.items()))
    logger.access(response, None, environ, timedelta(milliseconds=34))


def test_the_access_log_has_neither_query_string_nor_cookie(capsys):
    logs.configure()
    answered("/devices", query="search=secret-token", **{"X-Request-ID": "find-me-again"})
    line = capsys.readouterr().err
    assert "secret" not in line
    assert json.loads(line) | {"timestamp": None} == {
        "event": "request",
        "level": "info",
        "timestamp": None,
        "method": "GET",
        "path": "/devices",
        "status": 200,
        "bytes": 12,
        "milliseconds": 34,
        "remote": "192.0.2.7",
        "request_id": "find-me-again",
    }


def test_what_is_asked_for_all_day_is_logged_only_when_refused(capsys):
    logs.configure()
    answered("/healthz")
    answered("/static/app.css", status="304 Not Modified")
    assert capsys.readouterr().err == ""
    answered("/healthz", status="503 Service Unavailable")
    assert json.loads(capsys.readouterr().err)["status"] == 503


def test_no_line_holds_the_secret_of_a_hotspot(capsys):
    logs.configure()
    url = "http://192.0.2.7/api/token/info?api_key=s3cret-key&token=A3K9M7P2"
    structlog.get_logger().warning("hotspot.silent", url=url)
    error = OSError(f"Cannot open {url}")
    logging.getLogger("a.library").error("at https://box/?password=s3cret-key", exc_info=error)
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours["url"] == url.replace("s3cret-key", "…")
    assert theirs["event"] == "at https://box/?password=…"
    assert theirs["exception"].endswith(ours["url"])
