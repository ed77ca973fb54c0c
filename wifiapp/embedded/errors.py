"""What can be wrong with the embedded PostgreSQL, told in one line."""

import re


class EmbeddedError(Exception):
    """The embedded server cannot be had; says what failed, what is safe and what to do."""


def cause(output: str) -> str:
    """Return the one line of a program's output that says why it failed."""
    if "No space left on device" in output:
        return "the disk is full"
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    telling = [line for line in lines if re.search(r"(FATAL|PANIC|[Ee]rror):", line)]
    return re.sub(r"^.*?(FATAL|PANIC|[Ee]rror): +", "", (telling or lines)[-1]).rstrip(".")
