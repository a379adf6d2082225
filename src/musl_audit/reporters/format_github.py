"""Annotations of GitHub Actions: one workflow command per finding, then the counts as a plain line."""

from musl_audit.model import Failure, Finding, Outcome, Report, Severity, Skip
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.endings import counted, ending
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MEMBERS_SHOWN = 3


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return GitHub(heading)


class GitHub:
    """A line per finding."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading

    def begin(self) -> str:
        """Nothing: an annotation is a line of its own."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Return the annotations of one wheel."""
        match outcome:
            case Report(path=path, findings=findings):
                return "".join(self._finding(path, finding) for finding in findings)
            case Failure(path=path, code=code, message=message):
                return command("error", path, f"{code} not examined", [message])
            case Skip():
                return ""

    def end(self, summary: Summary) -> str:
        """Return the counts, as lines that are no commands."""
        lines = [] if self._heading.is_quiet else [*ending(self._heading, summary), counted(summary)]
        return "".join(f"{line}\n" for line in lines)

    def _finding(self, path: str, finding: Finding) -> str:
        lines = [finding.sentence]
        if finding.members:
            lines.append(f"in {', '.join(listed(finding.members, _MEMBERS_SHOWN))}")
        if finding.advice and not self._heading.is_quiet:
            lines.append(f"hint: {finding.advice}")
        return command(_LEVELS[finding.severity], path, f"{finding.code} {finding.name}", lines)


def command(level: str, path: str, title: str, lines: list[str]) -> str:
    r"""
    Return a workflow command, in which nothing of *path*, *title* and *lines* can end it or begin another.

    >>> command("error", "dist/a,b.whl", "x", ["100%", "::error::y"])
    '::error file=dist/a%2Cb.whl,title=x::100%25%0A:\\x3aerror:\\x3ay\n'
    """
    text = "\n".join(map(visible, lines))
    return f"::{level} file={_property(visible(path))},title={_property(visible(title))}::{_data(text)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
