"""Comparing a file of codes with what there is: plans on offer, codes the hotspot has."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from wifiapp.hotspots.models import Hotspot
from wifiapp.tokens.codes import typed
from wifiapp.tokens.imports import MOST, Line, Problem, read
from wifiapp.tokens.models import TokenConfiguration
from wifiapp.tokens.plans_queries import list_offered
from wifiapp.tokens.queries import list_taken


@dataclass(frozen=True)
class Checked:
    """What an import brings in, by plan; nothing at all while there is a problem."""

    by_plan: Mapping[TokenConfiguration, Sequence[Line]]
    problems: Sequence[Problem]

    @property
    def lines(self) -> list[Line]:
        """Return all good lines in the order of the file, each with the name of its plan."""
        found = [
            replace(line, plan=plan.name) for plan, lines in self.by_plan.items() for line in lines
        ]
        return sorted(found, key=lambda line: line.number)


def check(content: bytes, plan: TokenConfiguration, hotspot: Hotspot | None) -> Checked:
    """Read the file; `plan` is that of the lines that name none, a None hotspot has no codes."""
    reading = read(content, plan.system)
    offered = {each.name.casefold(): each for each in list_offered(plan.business_id, plan.system)}
    found = [typed(line.code) for line in reading.lines[: MOST + 1]]
    taken = list_taken(hotspot.id, found) if hotspot else set()
    by_plan = defaultdict(list)
    for line in reading.lines:
        named = offered.get(" ".join(line.plan.split()).casefold()) if line.plan else plan
        if named is None:
            reading.refuse(line.number, line.code, _unknown(line.plan, plan, offered))
        elif typed(line.code) in taken:
            reading.refuse(
                line.number, line.code, _("The hotspot has this code already, or one like it.")
            )
        else:
            by_plan[named].append(line)
    return Checked(by_plan, sorted(reading.problems, key=lambda each: each.number))


def _unknown(name: str, plan: TokenConfiguration, offered: Mapping[str, TokenConfiguration]) -> str:
    message: str = _(
        "No plan on offer for the %(system)s is called %(name)s. There are: %(names)s.",
        system=plan.system,
        name=name[:40],
        names=", ".join(each.name for each in offered.values()),
    )
    return message
