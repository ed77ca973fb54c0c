import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from wifiapp import assets

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
TEXTS = [
    *STATIC.rglob("*.css"),
    *STATIC.rglob("*.js"),
    *STATIC.rglob("*.svg"),
    *STATIC.rglob("*.md"),
    *STATIC.rglob("*.json"),
]


def site(folder):
    app = Flask(__name__, static_folder=folder, static_url_path="/static")
    assets.init_app(app)
    return app


def url(app, name):
    with app.test_request_context():
        return app.jinja_env.globals["asset"](name)


@pytest.fixture
def visitor():
    return site(STATIC).test_client()


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_a_vendored_file_is_the_one_that_was_reviewed(name):
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == MANIFEST[name]["sha256"]


def test_every_vendored_file_is_in_the_manifest_and_every_package_has_its_licence():
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.glob("*@*/*")}
    assert found == set(MANIFEST)
    assert all((folder / "LICENSE").is_file() for folder in VENDOR.glob("*@*"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(STATIC).as_posix())
def test_no_static_file_fetches_from_another_host(path):
    text = path.read_text()
    assert not re.search(r"(?:url\(|@import|src=|href=)\s*[\"']?(?:https?:)?//", text)
    assert "sourceMappingURL" not in text


@pytest.mark.parametrize("path", [*STATIC.rglob("*.css")], ids=lambda path: path.name)
def test_a_file_named_in_a_style_sheet_is_there(path):
    for name in re.findall(r"url\([\"']?(?!data:)([^\"')]+)", path.read_text()):
        assert (path.parent / name).is_file()


def test_a_hashed_file_may_be_kept_for_ever(visitor):
    answer = visitor.get(url(visitor.application, "css/app.css"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.data == (STATIC / "css/app.css").read_bytes()


def test_the_plain_url_works_and_asks_again_each_time(visitor):
    first = visitor.get("/static/css/app.css")
    assert first.status_code == 200 and first.headers["Cache-Control"] == "no-cache"
    again = visitor.get("/static/css/app.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data


def test_gzip_is_sent_to_those_who_take_it_and_has_its_own_etag(visitor):
    plain = visitor.get("/static/css/app.css")
    small = visitor.get("/static/css/app.css", headers={"Accept-Encoding": "br, gzip"})
    refused = visitor.get("/static/css/app.css", headers={"Accept-Encoding": "gzip;q=0"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data == refused.data
    assert len(small.data) < len(plain.data) / 2
    assert small.headers["ETag"] != plain.headers["ETag"] == refused.headers["ETag"]
    assert {plain.headers["Vary"], small.headers["Vary"]} == {"Accept-Encoding"}


def test_a_font_is_not_gzipped_again(visitor):
    font = next(VENDOR.rglob("*.woff2")).relative_to(STATIC).as_posix()
    answer = visitor.get(f"/static/{font}", headers={"Accept-Encoding": "gzip"})
    assert answer.content_type == "font/woff2" and "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/0123456789abcdef/css/app.css",
        "/static/css/absent.css",
        "/static/css",
        "/static/../wsgi.py",
        "/static/css/../../wsgi.py",
        "/static//etc/passwd",
        "/static/%2e%2e/pyproject.toml",
        "/static/css/app.css%00",
    ],
)
def test_anything_else_is_not_found(visitor, path):
    assert visitor.get(path, follow_redirects=True).status_code == 404


def test_a_changed_file_changes_the_urls(tmp_path):
    (tmp_path / "app.css").write_text("a { color: red }")
    before = url(site(tmp_path), "app.css")
    (tmp_path / "app.css").write_text("a { color: blue }")
    assert url(site(tmp_path), "app.css") != before


def test_a_misspelt_asset_or_icon_is_an_error_at_once(visitor):
    icon = visitor.application.jinja_env.globals["icon"]
    with pytest.raises(LookupError, match=r"css/ap\.css"):
        url(visitor.application, "css/ap.css")
    with pytest.raises(LookupError, match="tikcet"):
        icon("tikcet")


def test_an_icon_is_hidden_from_screen_readers_and_leaves_its_look_to_the_style_sheet(visitor):
    icon = visitor.application.jinja_env.globals["icon"]
    assert icon("ticket") == '<i class="icon i-ticket" aria-hidden="true"></i>'


def test_both_ways_to_the_dark_theme_give_the_same_colours():
    sheet = (STATIC / "css/tokens.css").read_text()
    asked = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', sheet, re.DOTALL)[1]
    system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', sheet, re.DOTALL)[1]
    assert asked.split() == system.split()
