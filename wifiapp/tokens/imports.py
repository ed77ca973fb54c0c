"""Reading a CSV file of codes: every line that will not do is named, with what is wrong."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _

from wifiapp.tokens.codes import typed

LARGEST = 40_000  # bytes
MOST = 1000  # codes
SHORTEST, LONGEST = 4, 16  # characters; an R710 takes at most 16
HEADINGS = {"token", "tokens", "code", "voucher", "key", "password", "guest pass"}
PLAN_HEADINGS = {"plan", "plan name", "type"}

_FIT = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")


@dataclass(frozen=True)
class Line:
    """A code as it will be kept, and the name of its plan ("" for the one chosen)."""

    number: int
    code: str
    plan: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line; number 0 is the file as a whole."""

    number: int
    text: str
    message: str


@dataclass
class Reading:
    """What a file holds: good lines, and what is wrong with the others."""

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, number: int, text: str, message: str) -> None:
        """Note what is wrong with a line."""
        self.problems.append(Problem(number, text[:40], message))


def read(content: bytes, system: str) -> Reading:
    """Read codes for a hotspot of a system; the first line may be a heading."""
    reading = Reading()
    if len(content) > LARGEST:
        reading.refuse(0, "", _("The file is larger than 40 kB. Divide it into several."))
        return reading
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        reading.refuse(0, "", _("This is no text in UTF-8. Save it as “CSV UTF-8”."))
        return reading
    first: dict[str, int] = {}
    for number, cell, plan in _cells(text):
        code = kept(cell, system)
        if message := _about(code, first.get(typed(code))):
            reading.refuse(number, code, message)
        else:
            first[typed(code)] = number
            reading.lines.append(Line(number, code, plan))
    if not first and not reading.problems:
        reading.refuse(0, "", _("There is no code in the file."))
    if len(first) > MOST:
        reading.refuse(0, "", _("There are more than 1,000 codes. Divide the file into several."))
    return reading


def kept(code: str, system: str) -> str:
    """Return the code as the hotspot knows it: an ESP32 has no dashes, an R710 may."""
    code = "".join(code.upper().split())
    return code.replace("-", "") if system == "ESP32" else code


def written(lines: Sequence[Line]) -> str:
    """Return lines as a file that `read` reads to the same lines."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [("token", "plan"), *((line.code, line.plan) for line in lines)]
    )
    return out.getvalue()


def sample(plan: str) -> str:
    """Return a file as an example, with codes of a plan."""
    return written([Line(2, "A3K9M7P2", plan), Line(3, "H4T6W8Y2", plan), Line(4, "R5B7C9D3", "")])


def _about(code: str, seen_on: int | None) -> str:
    """Say what is wrong with a code, "" when nothing is."""
    if not code:
        return str(_("The code is missing."))
    if len(code) > LONGEST:
        return str(_("The code is too long: at most %(most)d characters.", most=LONGEST))
    if not _FIT.fullmatch(code):
        return str(_("A code has letters A to Z and digits, with single dashes between them."))
    if len(code) < SHORTEST:
        return str(
            _("The code is too short to be safe: at least %(least)d characters.", least=SHORTEST)
        )
    if seen_on:
        return str(_("Line %(number)d has this code, or one that looks like it.", number=seen_on))
    return ""


def _cells(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line number, code and plan of each line that is not empty."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    code_at, plan_at, is_first = 0, 1, True
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        names = [cell.casefold() for cell in cells]
        if is_first and HEADINGS & set(names):
            code_at = next(i for i, name in enumerate(names) if name in HEADINGS)
            plan_at = next((i for i, name in enumerate(names) if name in PLAN_HEADINGS), -1)
            is_first = False
            continue
        is_first = False
        plan = cells[plan_at] if 0 <= plan_at < len(cells) else ""
        yield rows.line_num, cells[code_at] if code_at < len(cells) else "", plan
