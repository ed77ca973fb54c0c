"""QR codes: how a phone joins the network, and how it gets the code to the portal."""

from collections.abc import Iterator
from functools import lru_cache

import segno
from markupsafe import Markup

PORTAL = "http://192.168.4.1/"  # where every ESP32 shows its sign-in page
QUIET = 2  # modules left white around the code; paper and card are white as well


def join_text(ssid: str) -> str:
    """Return what a phone's camera takes for "join this open network"."""
    escaped = "".join(f"\\{sign}" if sign in '\\;,:"' else sign for sign in ssid)
    return f"WIFI:T:nopass;S:{escaped};;"


def code_text(system: str, code: str) -> str:
    """Return what brings a code into the phone: the portal's address with it, or itself."""
    return f"{PORTAL}?token={code}" if system == "ESP32" else code


def runs(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the dark parts of a text's QR code as row, first column and length."""
    for row, modules in enumerate(matrix(text)):
        start = None
        for column, dark in enumerate((*modules, 0)):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                yield row, start, column - start
                start = None


def size(text: str) -> int:
    """Return how many modules wide a text's QR code is."""
    return len(matrix(text))


@lru_cache(maxsize=8)
def matrix(text: str) -> tuple[bytearray, ...]:
    """Return the modules of a text's QR code, row by row, 1 for dark.

    Its mask is a fixed one: looking for the best of eight takes four times as long, and every
    reader reads them all. For our texts this one is within 4% of the best on average.
    """
    code: tuple[bytearray, ...] = segno.make(text, error="m", micro=False, mask=0).matrix
    return code


def svg(text: str, label: str) -> Markup:
    """Draw a text as an SVG: its rows are strokes, dark on white in both themes."""
    width = size(text) + 2 * QUIET
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" '
        'shape-rendering="crispEdges"><path d="{2}"/></svg>'
    ).format(width, label, "".join(_strokes(text)))


def _strokes(text: str) -> Iterator[str]:
    """Yield the path: an absolute move to each row, short relative ones within it."""
    last_row, end = -1, 0
    for row, column, length in runs(text):
        if row == last_row:
            yield f"m{column - end} 0h{length}"
        else:
            yield f"M{column + QUIET} {row + QUIET}.5h{length}"
        last_row, end = row, column + length
