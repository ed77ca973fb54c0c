"""How long a plan lasts, in minutes for the hotspots and in words for people."""

from flask_babel import ngettext

MINUTES = {"week": 7 * 24 * 60, "day": 24 * 60, "hour": 60, "minute": 1}


def split(minutes: int) -> tuple[int, str]:
    """Return number and unit, the largest that fits without a rest: 2880 is (2, "day")."""
    unit = next(name for name, size in MINUTES.items() if minutes % size == 0)
    return minutes // MINUTES[unit], unit


def words(minutes: int) -> str:
    """Write 90 as "90 minutes", 180 as "3 hours"."""
    number, unit = split(minutes)
    text: str = {
        "week": lambda: ngettext("%(num)d week", "%(num)d weeks", number),
        "day": lambda: ngettext("%(num)d day", "%(num)d days", number),
        "hour": lambda: ngettext("%(num)d hour", "%(num)d hours", number),
        "minute": lambda: ngettext("%(num)d minute", "%(num)d minutes", number),
    }[unit]()
    return text
