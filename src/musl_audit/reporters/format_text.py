"""Text for people: what ``show`` and ``check`` print on a terminal or into a pipe."""

from musl_audit.reporters.base import Heading, Reporter
from musl_audit.reporters.check_text import CheckText
from musl_audit.reporters.show_text import ShowText


def make(heading: Heading) -> Reporter:
    """Return the reporter of the command."""
    return CheckText(heading) if heading.command == "check" else ShowText(heading)
