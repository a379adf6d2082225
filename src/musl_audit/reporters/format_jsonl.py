"""JSON Lines, for runs that are too long to wait for: a header, one typed line per wheel as it is done, a summary."""

from musl_audit.model import Outcome
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.rows import dump, heading_row, outcome_row, summary_row

_TYPES = {"wheels": "wheel", "skipped": "skipped", "failures": "failure"}


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return JsonLines(heading)


class JsonLines:
    """Says each thing when it is known."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading

    def begin(self) -> str:
        """Return the header line."""
        return _line("header", heading_row(self._heading))

    def outcome(self, outcome: Outcome) -> str:
        """Return the line of one wheel."""
        kind, row = outcome_row(outcome)
        return _line(_TYPES[kind], row)

    def end(self, summary: Summary) -> str:
        """Return the summary line."""
        return _line("summary", {"summary": summary_row(summary), "exit_code": summary.exit_code})


def _line(kind: str, row: dict[str, object]) -> str:
    return dump({"type": kind, **row}) + "\n"
