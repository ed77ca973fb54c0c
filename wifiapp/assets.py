"""Static files that browsers may keep for ever, and the icons among them."""

import gzip
import mimetypes
import re
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from flask import Flask, Response, abort, request, url_for
from markupsafe import Markup

from wifiapp.access import allow_anybody

FOREVER = "public, max-age=31536000, immutable"
TEXT = re.compile(r"text/|application/json|image/svg\+xml")
SMALL = 512  # bytes; below that, gzip gains nothing


class Asset(NamedTuple):
    """One static file as it is sent: gzipped is None where that gains nothing."""

    body: bytes
    gzipped: bytes | None
    mimetype: str
    etag: str


class Assets:
    """The static folder, read once a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.get = cache(self._read)

    @cached_property
    def digest(self) -> str:
        """Name the whole folder's content, so that relative URLs inside a style sheet hold too."""
        total = sha256()
        for name in sorted(self.names):
            total.update(name.encode() + b"\0")
            total.update(sha256((self.folder / name).read_bytes()).digest())
        return total.hexdigest()[:16]

    @cached_property
    def names(self) -> frozenset[str]:
        """List every file; nothing else is ever opened, whatever a URL asks for."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return frozenset(path.relative_to(self.folder).as_posix() for path in paths)

    def _read(self, name: str) -> Asset:
        if name not in self.names:
            raise LookupError(f"There is no static file {name!r}.")
        body = (self.folder / name).read_bytes()
        mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
        gzipped = None
        if TEXT.match(mimetype) and len(body) > SMALL:
            gzipped = gzip.compress(body, mtime=0)
        return Asset(body, gzipped, mimetype, sha256(body).hexdigest()[:16])

    @cached_property
    def icons(self) -> dict[str, Markup]:
        """Map each name in the icons' style sheet to its element; the look is all in classes."""
        sheet = next(self.folder.glob("vendor/tabler-icons@*/icons.css")).read_text()
        names = re.findall(r"^\.i-([\w-]+)", sheet, re.MULTILINE)
        element = Markup('<i class="icon i-{}" aria-hidden="true"></i>')
        return {name: element.format(name) for name in names}

    def icon(self, name: str) -> Markup:
        """Return an icon, beside its word: hidden from screen readers."""
        try:
            return self.icons[name]
        except KeyError:
            raise LookupError(
                f"There is no icon {name!r}; add it to scripts/vendor_static.py."
            ) from None


def init_app(app: Flask) -> None:
    """Serve the static folder and offer `asset(name)` and `icon(name)` to the templates."""
    if app.static_folder is None:
        raise RuntimeError("Assets need the app's static folder.")
    assets = Assets(Path(app.static_folder).resolve())

    def serve(filename: str) -> Response:
        head, _, rest = filename.partition("/")
        hashed = head == assets.digest
        try:
            found = assets.get(rest if hashed else filename)
        except LookupError:
            abort(404)
        return _respond(found, FOREVER if hashed else "no-cache")

    def asset(name: str) -> str:
        assets.get(name)  # a misspelt name is an error of ours, not a 404 of the visitor's
        return url_for("static", filename=f"{assets.digest}/{name}")

    app.view_functions["static"] = allow_anybody(serve)
    app.jinja_env.globals.update(asset=asset, icon=assets.icon)


def _respond(asset: Asset, cache_control: str) -> Response:
    gzipped = asset.gzipped if request.accept_encodings["gzip"] > 0 else None
    response = Response(asset.body if gzipped is None else gzipped, mimetype=asset.mimetype)
    response.set_etag(asset.etag if gzipped is None else f"{asset.etag}-gzip")
    response.headers["Cache-Control"] = cache_control
    response.headers["X-Content-Type-Options"] = "nosniff"
    if asset.gzipped is not None:
        response.vary.add("Accept-Encoding")
    if gzipped is not None:
        response.content_encoding = "gzip"
    response.make_conditional(request)
    return response
