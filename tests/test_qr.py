import re
from itertools import pairwise

import pytest
import segno

from wifiapp import qr

pytestmark = pytest.mark.usefixtures("no_database")
TEXT = "http://192.168.4.1/?token=A3K9M7P2"


def drawn(svg):
    """Return the dark modules that the path of an SVG draws, by column and row."""
    dark, x, y = set(), 0, 0
    for kind, numbers in re.findall(r"([Mmh])([\d. ]+)", re.search(r' d="([^"]+)"', svg)[1]):
        values = [float(each) for each in numbers.split()]
        if kind == "M":
            x, y = int(values[0]), int(values[1])
        elif kind == "m":
            x += int(values[0])
        else:
            dark |= {(x + n, y) for n in range(int(values[0]))}
            x += int(values[0])
    return dark


@pytest.mark.parametrize("text", [TEXT, "A", "ABCDE-FGHJK", "WIFI:T:nopass;S:Café;;"])
def test_the_drawing_is_the_code_with_its_quiet_zone(text):
    matrix = segno.make(text, error="m", micro=False, mask=0).matrix
    expected = {
        (x + qr.QUIET, y + qr.QUIET)
        for y, row in enumerate(matrix)
        for x, dark in enumerate(row)
        if dark
    }
    assert drawn(qr.svg(text, "Code")) == expected
    assert qr.size(text) == len(matrix)


def test_runs_never_touch_each_other():
    for (row, column, length), (next_row, next_column, _) in pairwise(qr.runs(TEXT)):
        assert next_row > row or next_column > column + length


def test_a_label_is_escaped():
    assert 'aria-label="&lt;b&gt;"' in qr.svg("A", "<b>")


@pytest.mark.parametrize(
    ("ssid", "written"),
    [("Baobab", "Baobab"), ("a;b,c:d", r"a\;b\,c\:d"), ('"x"\\', r"\"x\"\\")],
)
def test_a_network_s_name_cannot_end_its_field(ssid, written):
    assert qr.join_text(ssid) == f"WIFI:T:nopass;S:{written};;"


def test_an_esp32_is_given_the_code_by_its_portal_and_an_r710_the_code_alone():
    assert qr.code_text("ESP32", "A3K9M7P2") == TEXT
    assert qr.code_text("R710", "ABCDE-FGHJK") == "ABCDE-FGHJK"
