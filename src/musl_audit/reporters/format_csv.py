"""CSV for spreadsheets and dashboards: a row per finding, and one for each input that has none."""

import csv
import io
from collections.abc import Iterable, Iterator

from musl_audit.judging.identity import fingerprint
from musl_audit.model import Failure, Finding, Outcome, Report, Skip
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.hints import advice
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.visible import visible

COLUMNS = (
    *("path", "wheel", "name", "version", "python", "abi", "platform", "arch", "summary", "loads", "required_musl"),
    *("result", "code", "rule", "message", "impact", "hint", "help", "members", "symbols", "libraries", "fails_on"),
    *("mended_by_repair", "fingerprint"),
)
_COMMANDS = ("=", "+", "-", "@", "|", "%")  # what a spreadsheet takes for a formula


def make(_heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Csv()


class Csv:
    """Rows as they come."""

    def begin(self) -> str:
        """Return the header."""
        return _line(COLUMNS)

    def outcome(self, outcome: Outcome) -> str:
        """Return the rows of one input; ``result`` is a severity, or clean, failed or skipped."""
        match outcome:
            case Report():
                return "".join(_row(**cells) for cells in _findings(outcome))
            case Failure(path=path, code=code, message=message):
                return _row(path=path, result="failed", code=code, message=message)
            case Skip(path=path, reason=reason):
                return _row(path=path, result="skipped", message=reason)

    def end(self, _summary: Summary) -> str:
        """Nothing: a summary is no row."""
        return ""


def _findings(report: Report) -> Iterator[dict[str, str]]:
    wheel = _wheel(report)
    for finding in report.findings:
        yield {**wheel, **_finding(report, finding)}
    if not report.findings:
        yield {**wheel, "result": "clean"}


def _wheel(report: Report) -> dict[str, str]:
    name, verdict = report.name, report.verdict
    return {
        "path": report.path,
        "wheel": report.filename,
        "name": name.distribution if name else "",
        "version": name.version if name else "",
        "python": ".".join(name.python_tags) if name else "",
        "abi": ".".join(name.abi_tags) if name else "",
        "platform": ".".join(name.platform_tags) if name else "",
        "arch": verdict.arch or "",
        "summary": sentence(report),
        "loads": verdict.loads.value,
        "required_musl": str(verdict.required_musl or ""),
    }


def _finding(report: Report, finding: Finding) -> dict[str, str]:
    return {
        "result": finding.severity.value,
        "code": finding.code,
        "rule": finding.name,
        "message": finding.message,
        "impact": finding.impact,
        "hint": advice(finding, [report.path]),
        "help": rule_address(finding.code, finding.name),
        "members": "; ".join(finding.members),
        "symbols": "; ".join(finding.symbols),
        "libraries": "; ".join(finding.libraries),
        "fails_on": " ".join(map(str, sorted(finding.fails_on))),
        "mended_by_repair": "yes" if finding.is_mendable else "no",
        "fingerprint": fingerprint(report, finding),
    }


def _row(**cells: str) -> str:
    return _line(cells.get(column, "") for column in COLUMNS)


def _line(cells: Iterable[str]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(map(literal, cells))
    return file.getvalue()


def literal(text: str) -> str:
    """
    Return *text* as a cell that no spreadsheet takes for a formula: an apostrophe before what would begin one.

    >>> literal("=HYPERLINK(1)"), literal("1.2.4")
    ("'=HYPERLINK(1)", '1.2.4')
    """
    text = visible(text)
    return f"'{text}" if text.lstrip(" \"'").startswith(_COMMANDS) else text
