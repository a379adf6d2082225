"""GitLab's Code Quality report: what a merge request shows as new, and as gone."""

from musl_audit.judging.identity import Unique, digest, fingerprint
from musl_audit.model import Failure, Outcome, Report, Severity, Skip
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.hints import advice
from musl_audit.reporters.rows import Row, dump
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.visible import visible

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def make(_heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return GitLab()


class GitLab:
    """One array of issues, at the end."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._unique = Unique()

    def begin(self) -> str:
        """Nothing yet."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Nothing yet."""
        match outcome:
            case Report(path=path, findings=findings):
                for finding in findings:
                    text = f"{finding.code} {finding.name}: {finding.sentence}. {sentence(outcome)}"
                    if way := advice(finding, [path]):
                        text += f" Hint: {way}."
                    text += f" See {rule_address(finding.code, finding.name)}"
                    mark = self._unique(fingerprint(outcome, finding))
                    self._add(path, finding.code, _SEVERITIES[finding.severity], mark, text)
            case Failure(path=path, code=code, message=message):
                text = f"{code} not examined: {message}"
                self._add(path, code, "critical", self._unique(digest([path, code])), text)
            case Skip():
                pass
        return ""

    def end(self, _summary: Summary) -> str:
        """Return the report."""
        return dump(self._rows) + "\n"

    def _add(self, path: str, code: str, severity: str, mark: str, text: str) -> None:
        location = {"path": visible(path), "lines": {"begin": 1}}
        self._rows.append(
            {
                "description": visible(text),
                "check_name": code,
                "fingerprint": mark,
                "severity": severity,
                "location": location,
            }
        )
