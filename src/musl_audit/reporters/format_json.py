"""One JSON object for the whole run, on one line."""

from itertools import chain

from musl_audit.model import Outcome
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.rows import dump, heading_row, outcome_row, summary_row


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Json(heading)


class Json:
    """Writes every outcome down, and says all at the end."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._rows: dict[str, list[str]] = {"wheels": [], "skipped": [], "failures": []}  # and what is between them

    def begin(self) -> str:
        """Nothing yet."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Nothing yet."""
        kind, row = outcome_row(outcome)
        rows = self._rows[kind]
        rows += (", ", dump(row)) if rows else (dump(row),)
        return ""

    def end(self, summary: Summary) -> str:
        """Return the report."""
        ending = {"summary": summary_row(summary), "exit_code": summary.exit_code}
        before, after = dump(heading_row(self._heading)), dump(ending)
        lists = chain.from_iterable((f', "{name}": [', *rows, "]") for name, rows in self._rows.items())
        return "".join((before[:-1], *lists, ", ", after[1:], "\n"))  # once, for it may be hundreds of megabytes
