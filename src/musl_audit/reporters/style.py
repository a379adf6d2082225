"""The styles of text on a terminal: few, and readable on dark and on light; no word depends on its colour."""

from collections.abc import Mapping

from musl_audit.model import Severity

BOLD = "bold"
CODE = "bold"
GOOD = "bold green"
BAD = "bold red"

SEVERITY: Mapping[Severity, str] = {Severity.ERROR: BAD, Severity.WARNING: "bold magenta", Severity.NOTE: BOLD}


def plural(number: int, noun: str) -> str:
    """
    Return *number* and *noun*.

    >>> plural(1, "error"), plural(0, "error")
    ('1 error', '0 errors')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
