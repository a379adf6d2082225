"""SARIF 2.1.0, which GitHub, GitLab, Azure and editors read: a result per finding, with the rules' pages as help."""

from collections.abc import Iterable, Iterator

from musl_audit.judging.identity import Unique, fingerprint
from musl_audit.judging.rules import WheelRule, all_rules
from musl_audit.model import Failure, Finding, Outcome, Report, Severity, Skip
from musl_audit.reporters.addresses import SOURCE, rule_address
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.hints import advice
from musl_audit.reporters.rows import Row, dump
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.visible import visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_MEMBERS_SHOWN = 1000
_INCOMPLETE = 4


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Sarif(heading)


class Sarif:
    """One run with everything in it, at the end."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._rules: dict[str, int] = {}
        self._results: list[Row] = []
        self._artifacts: list[Row] = []
        self._notifications: list[Row] = []
        self._unique = Unique()

    def begin(self) -> str:
        """Nothing yet."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Nothing yet."""
        match outcome:
            case Report():
                self._artifacts.append(_artifact(outcome))
                self._results += [self._result(outcome, finding) for finding in outcome.findings]
            case Failure(path=path, code=code, message=message):
                self._notifications.append(_notification(path, "error", f"{code} not examined: {message}"))
            case Skip(path=path, reason=reason):
                self._notifications.append(_notification(path, "note", f"skipped: {reason}"))
        return ""

    def end(self, summary: Summary) -> str:
        """Return the log."""
        invocation = {
            "executionSuccessful": summary.exit_code != _INCOMPLETE,
            "exitCode": summary.exit_code,
            "toolExecutionNotifications": self._notifications,
        }
        run = {
            "tool": {"driver": self._driver()},
            "invocations": [invocation],
            "artifacts": self._artifacts,
            "results": self._results,
            "columnKind": "unicodeCodePoints",
            "properties": {"policy": self._heading.policy},
        }
        return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"

    def _result(self, report: Report, finding: Finding) -> Row:
        mark = self._unique(fingerprint(report, finding))
        lines = [finding.sentence, f"In {report.filename}: {sentence(report)}"]
        if way := advice(finding, [report.path]):
            lines.append(f"Hint: {way}")
        return {
            "ruleId": finding.code,
            "ruleIndex": self._rules.setdefault(finding.code, len(self._rules)),
            "level": _LEVELS[finding.severity],
            "message": {"text": "\n".join(map(_text, lines))},
            "locations": [_location(report, finding)],
            "partialFingerprints": {"primaryLocationLineHash": mark, "muslAudit/v1": mark},
            "properties": {
                "failsOn": [str(release) for release in sorted(finding.fails_on)],
                "symbols": finding.symbols,
                "libraries": finding.libraries,
                "mendedByRepair": finding.is_mendable,
            },
        }

    def _driver(self) -> Row:
        pages = {module.rule.code: module for module in all_rules()}
        driver: Row = {
            "name": "musl-audit",
            "semanticVersion": self._heading.version,
            "informationUri": SOURCE,
            "rules": [_rule(pages[code]) for code in self._rules],
        }
        return driver


def _rule(module: WheelRule) -> Row:
    """Return what a viewer shows about a rule: its page, and where to read it."""
    rule = module.rule
    page = module.page.strip()
    first = " ".join(page.partition("\n\n")[0].split())
    plain = page.replace("``", "`")
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _text(first)},
        "fullDescription": {"text": _text(first)},
        "helpUri": rule_address(rule.code, rule.name),
        "help": {"text": plain, "markdown": plain},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["musl", "wheel"], "problem.severity": _problem_severity(rule.severity)},
    }


def _problem_severity(severity: Severity) -> str:
    return "recommendation" if severity is Severity.NOTE else severity.value


def _artifact(report: Report) -> Row:
    return {
        "location": {"uri": uri_of(report.path)},
        "roles": ["analysisTarget"],
        "hashes": {"sha-256": report.sha256},
        "description": {"text": _text(sentence(report))},
    }


def _location(report: Report, finding: Finding) -> Row:
    """Return the wheel as the place that has the finding, and its members as the logical places inside."""
    members = finding.members[:_MEMBERS_SHOWN]
    physical = {"artifactLocation": {"uri": uri_of(report.path)}, "region": {"startLine": 1}}
    return {"physicalLocation": physical, "logicalLocations": list(_logical(report.filename, members))}


def _logical(filename: str, members: Iterable[str]) -> Iterator[Row]:
    for member in members:
        yield {"name": visible(member), "fullyQualifiedName": visible(f"{filename}/{member}"), "kind": "member"}


def _notification(path: str, level: str, message: str) -> Row:
    place = {"physicalLocation": {"artifactLocation": {"uri": uri_of(path)}}}
    return {"level": level, "message": {"text": _text(f"{path}: {message}")}, "locations": [place]}


def uri_of(path: str) -> str:
    """
    Return *path* as a URI reference: relative as it is, absolute with a scheme.

    >>> uri_of("dist/a b%.whl"), uri_of("/tmp/x.whl"), uri_of("a:b.whl")
    ('dist/a%20b%25.whl', 'file:///tmp/x.whl', 'a%3Ab.whl')
    """
    from urllib.parse import quote

    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no path of a file system, but a name all the same
        data = path.encode("utf-8", "surrogatepass")
    quoted = quote(data, safe="/")
    return f"file://{quoted}" if path.startswith("/") else quoted


def _text(text: str) -> str:
    """Return *text* as a plain SARIF message, in which brackets would be links."""
    return visible(text).replace("[", r"\[").replace("]", r"\]")
