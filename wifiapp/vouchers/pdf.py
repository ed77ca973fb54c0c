"""Sheets of vouchers as PDF: A4, three across and eight down, cut along the dashes."""

import io
import unicodedata
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from wifiapp import qr

ACROSS, DOWN = 3, 8
MARGIN, PADDING = 8 * mm, 2.5 * mm
WIDTH, HEIGHT = (A4[0] - 2 * MARGIN) / ACROSS, (A4[1] - 2 * MARGIN) / DOWN
QR_SIZE = 21 * mm
FONT, BOLD, MONO = "Helvetica", "Helvetica-Bold", "Courier-Bold"
FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True)
class Voucher:
    """What stands on one voucher: the code in its groups, and what the QR code holds."""

    code: Sequence[str]
    scanned: str


@dataclass(frozen=True)
class Print:
    """What all vouchers of a print say; `steps` are short lines for the customer."""

    business: str
    plan: str
    price: str
    steps: Sequence[str]


def sheets(shared: Print, vouchers: Sequence[Voucher]) -> bytes:
    """Return the PDF; the same vouchers give the same bytes.

    Western European letters are written in fonts that every reader has, others in DejaVu, of which
    the PDF brings the letters that it needs. What DejaVu lacks becomes "?".
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    canvas.setTitle(f"{shared.business} · {shared.plan}")
    per_sheet = ACROSS * DOWN
    for first in range(0, max(1, len(vouchers)), per_sheet):
        for place, voucher in enumerate(vouchers[first : first + per_sheet]):
            down, across = divmod(place, ACROSS)
            x, y = MARGIN + across * WIDTH, A4[1] - MARGIN - (down + 1) * HEIGHT
            _draw(canvas, x, y, shared, voucher)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, x: float, y: float, shared: Print, voucher: Voucher) -> None:
    canvas.setDash(1, 2)
    canvas.setLineWidth(0.4)
    canvas.rect(x, y, WIDTH, HEIGHT)
    left, top = x + PADDING, y + HEIGHT - PADDING
    _draw_qr(canvas, x + WIDTH - PADDING - QR_SIZE, y + PADDING, voucher.scanned)
    room, full = WIDTH - 3 * PADDING - QR_SIZE, WIDTH - 2 * PADDING
    _line(canvas, left, top - 7, shared.business, FONT, 7, full)
    _line(canvas, left, top - 18, f"{shared.plan} · {shared.price}", BOLD, 9, full)
    for number, part in enumerate(_halves(voucher.code)):
        _line(canvas, left, top - 38 - 17 * number, part, MONO, 17, room)
    for number, step in enumerate(reversed(shared.steps)):
        _line(canvas, left, y + PADDING + 1 + 7.5 * number, step, FONT, 6, room)


def _draw_qr(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Draw the code in units of its modules, from the top: a tenth of the time of a path."""
    step = QR_SIZE / qr.size(text)
    dark = " ".join(f"{column} {row} {length} 1 re" for row, column, length in qr.runs(text))
    scale = f"{step:.4f} 0 0 {-step:.4f} {x:.2f} {y + QR_SIZE:.2f} cm"
    canvas.addLiteral(f"q {scale} {dark} f Q")


def _line(
    canvas: Canvas, x: float, y: float, text: str, font: str, size: float, room: float
) -> None:
    """Write a line, smaller where it would be too long, and cut where that is not enough."""
    text, font = _written(text, font)
    while size > 5 and canvas.stringWidth(text, font, size) > room:  # noqa: PLR2004 - points
        size -= 0.5
    while text and canvas.stringWidth(text, font, size) > room:
        text = text[:-1]
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _halves(code: Sequence[str]) -> Sequence[str]:
    """Return a code as lines of a narrow voucher: its groups, or its parts round the dash."""
    if len(code) > 1:
        return code
    head, dash, tail = code[0].partition("-")
    return [head + dash, tail] if tail else [head]


def _written(text: str, font: str) -> tuple[str, str]:
    """Return the text in letters that a font has, and that font: the one named if it can be."""
    if text.encode("cp1252", "ignore").decode("cp1252") == text:
        return text, font
    name, letters = _dejavu(font)
    shown = []
    for sign in text:
        bare = unicodedata.normalize("NFKD", sign)[0]
        shown.append(next((each for each in (sign, bare) if ord(each) in letters), "?"))
    return "".join(shown), name


@cache
def _dejavu(font: str) -> tuple[str, Container[int]]:
    """Make DejaVu known in the weight of a font; return its name and the letters it has."""
    name = "DejaVuSans" if font == FONT else "DejaVuSans-Bold"
    found = TTFont(name, FONTS / f"{name}.ttf")
    pdfmetrics.registerFont(found)
    return name, found.face.charToGlyph
