"""JUnit XML, which Jenkins, CircleCI, Azure and GitLab show as tests: a wheel that is clean passes."""

from collections.abc import Iterable

from musl_audit.judging.gate import is_at_least
from musl_audit.model import Failure, Finding, Outcome, Report, Skip
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.groups import unnamed_members
from musl_audit.reporters.hints import advice
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.visible import visible

_CLASS = "musl-audit"
_TYPES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return JUnit(heading)


class JUnit:
    """A test case per wheel that is clean, and one per finding of one that is not: a case has one failure."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._cases: list[str] = []
        self._counts = dict.fromkeys(_TYPES, 0)

    def begin(self) -> str:
        """Nothing yet: the counts come first."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Nothing yet."""
        match outcome:
            case Report():
                self._report(outcome)
            case Failure(path=path, code=code, message=message):
                self._add(path, path, self._result("error", code, message, message))
            case Skip(path=path, reason=reason):
                self._add(path, path, self._result("skipped", "", reason, ""))
        return ""

    def end(self, _summary: Summary) -> str:
        """Return the report."""
        counts = {_TYPES[kind]: str(count) for kind, count in self._counts.items()}
        attributes = {"tests": str(len(self._cases)), **counts, "time": "0"}
        totals = {key: value for key, value in attributes.items() if key != "skipped"}
        suite = _open("testsuite", {"name": _CLASS, **attributes})
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', _open("testsuites", {"name": _CLASS, **totals}), suite]
        return "\n".join([*lines, *self._cases, "</testsuite>", "</testsuites>"]) + "\n"

    def _report(self, report: Report) -> None:
        failing = [item for item in report.findings if is_at_least(item.severity, self._heading.settings.fail_on)]
        others = [item for item in report.findings if item not in failing]
        if not failing:
            self._add(report.path, report.filename, _element("system-out", {}, _lines(report, others)))
        for index, finding in enumerate(failing):
            told = [finding, *others] if index == 0 else [finding]
            result = self._result("failure", finding.code, finding.sentence, _lines(report, told))
            self._add(report.path, f"{report.filename} {finding.code} {finding.name}", result)

    def _result(self, kind: str, code: str, message: str, text: str) -> str:
        self._counts[kind] += 1
        return _element(kind, {"message": message, **({"type": code} if code else {})}, text)

    def _add(self, path: str, name: str, child: str) -> None:
        attributes = {"classname": _CLASS, "name": name, "file": path, "time": "0"}
        self._cases.append(f"{_open('testcase', attributes)}{child}</testcase>")


def _lines(report: Report, findings: Iterable[Finding]) -> str:
    """Return the verdict, and a block per finding."""
    lines = [visible(sentence(report))]
    for finding in findings:
        lines += ["", f"{finding.severity} {finding.code} {finding.name}: {visible(finding.sentence)}"]
        lines += [f"  {visible(member)}" for member in unnamed_members(finding)]
        if way := advice(finding, [report.path]):
            lines.append(f"  hint: {visible(way)}")
        lines.append(f"  see: {rule_address(finding.code, finding.name)}")
    return "\n".join(lines)


def _element(name: str, attributes: dict[str, str], text: str) -> str:
    return f"{_open(name, attributes)}{escaped(text, keep=chr(10))}</{name}>"


def _open(name: str, attributes: dict[str, str]) -> str:
    return "".join([f"<{name}", *(f' {key}="{escaped(value)}"' for key, value in attributes.items()), ">"])


def escaped(text: str, keep: str = "") -> str:
    r"""
    Return *text* as XML in ASCII, in which no character is one that XML forbids; *keep* stays as it is.

    >>> escaped('<a&"\x00é')
    '&lt;a&amp;&quot;\\x00&#233;'
    """
    text = keep.join(map(visible, text.split(keep))) if keep else visible(text)
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(char, entity)
    return text.encode("ascii", "xmlcharrefreplace").decode()
