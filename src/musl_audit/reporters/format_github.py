"""
Annotations of GitHub Actions: one workflow command per rule and the wheels it concerns, then the counts.

GitHub shows ten annotations of each level per step: one for each wheel would hide all rules but the first.
"""

from collections.abc import Iterable

from musl_audit.model import Failure, Finding, Report, Severity
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Gathering, Heading, Reporter, Summary
from musl_audit.reporters.endings import counted, ending
from musl_audit.reporters.groups import Group, grouped, unnamed_members
from musl_audit.reporters.hints import advice
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.style import plural
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_ROWS_SHOWN = 40
_FAILURES_SHOWN = 20


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return GitHub(heading)


class GitHub(Gathering):
    """A line per rule, when all wheels are known."""

    def end(self, summary: Summary) -> str:
        """Return the annotations, and the counts as lines that are no commands."""
        groups = [self._group(group) for group in grouped(self._reports)]
        lines = [] if self._heading.is_quiet else [*ending(self._heading, summary), counted(summary)]
        return "".join([*_failed(self._failures), *groups, *(f"{line}\n" for line in lines)])

    def _group(self, group: Group) -> str:
        report, finding = group.found[0]
        if len(group.paths) == 1:
            lines = [sentence(report), *(line for one, item in group.found for line in self._finding(one, item))]
        else:
            wheels = plural(len(group.paths), "wheel")
            lines = [f"{wheels}: {finding.message}", *_by_sentence(group), *self._ways(finding, group.paths)]
        title = f"{group.code} {group.name}" + (f" in {len(group.paths)} wheels" if len(group.paths) > 1 else "")
        return command(_LEVELS[group.severity], report.path, title, lines)

    def _finding(self, report: Report, finding: Finding) -> list[str]:
        members = [f"in {', '.join(listed(unnamed, 3))}"] if (unnamed := unnamed_members(finding)) else []
        return [finding.sentence, *members, *self._ways(finding, [report.path])]

    def _ways(self, finding: Finding, paths: Iterable[str]) -> list[str]:
        """Return what helps, and where the rule is explained."""
        if self._heading.is_quiet:
            return []
        way = advice(finding, list(paths))
        return [*([f"hint: {way}"] if way else []), f"see: {rule_address(finding.code, finding.name)}"]


def _by_sentence(group: Group) -> list[str]:
    """Return each verdict once, and the wheels of which it is true."""
    wheels: dict[str, dict[str, None]] = {}
    for report, _ in group.found:
        wheels.setdefault(sentence(report), {})[report.filename] = None
    rows = [row for said, names in wheels.items() for row in (said, *(f"- {name}" for name in names))]
    return listed(rows, _ROWS_SHOWN, "and {} more lines")


def _failed(failures: list[Failure]) -> list[str]:
    """Return one annotation for the wheels that could not be examined."""
    if not failures:
        return []
    rows = listed([f"{item.path}: {item.message}" for item in failures], _FAILURES_SHOWN)
    first = failures[0]
    title = f"{first.code} not examined" + (f": {len(failures)} wheels" if len(failures) > 1 else "")
    return [command("error", first.path, title, rows)]


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
