"""What ``check`` says: a line per finding, for people and for ``grep``; lines are never wrapped."""

from collections.abc import Iterator

from musl_audit.model import Failure, Finding, Outcome, Report, Skip
from musl_audit.reporters.base import Heading, Summary
from musl_audit.reporters.endings import counted, counted_findings, ending
from musl_audit.reporters.style import BAD, BOLD, CODE, GOOD, SEVERITY
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_MEMBERS_SHOWN = 3


class CheckText:
    """Findings by wheel, then the counts."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._paint = heading.paint

    def begin(self) -> str:
        """Nothing: silence until something is found."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Return the lines of one wheel: none if it is clean."""
        match outcome:
            case Report(path=path, findings=findings):
                lines = [line for finding in findings for line in self._finding(path, finding)]
            case Failure(path=path, code=code, message=message):
                lines = [self._line(path, code, self._paint("failed", BAD), message)]
            case Skip():
                lines = []
        return "".join(f"{line}\n" for line in lines)

    def end(self, summary: Summary) -> str:
        """Return the counts."""
        if self._heading.is_quiet:
            return ""
        return "".join(f"{line}\n" for line in (*ending(self._heading, summary), self._verdict(summary)))

    def _line(self, path: str, code: str, severity: str, message: str) -> str:
        return f"{self._paint(visible(path), BOLD)}: {self._paint(code, CODE)} {severity} {visible(message)}"

    def _finding(self, path: str, finding: Finding) -> Iterator[str]:
        severity = self._paint(finding.severity.value, SEVERITY[finding.severity])
        yield self._line(path, finding.code, severity, finding.sentence)
        if self._heading.is_quiet:
            return
        if finding.members:
            yield f"  in {', '.join(map(visible, listed(finding.members, _MEMBERS_SHOWN)))}"
        if finding.advice:
            yield f"  hint: {visible(finding.advice)}"

    def _verdict(self, summary: Summary) -> str:
        clean = BOLD if counted_findings(summary) else GOOD
        return self._paint(counted(summary), BAD if summary.exit_code else clean)
