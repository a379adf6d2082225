"""Findings of many wheels, by rule: what is said once for all of them."""

from collections.abc import Iterable

from musl_audit.frozen import frozen
from musl_audit.model import Finding, Report, Severity


@frozen
class Group:
    """One rule at one severity, and the wheels that it has found something in."""

    code: str
    name: str
    severity: Severity
    found: tuple[tuple[Report, Finding], ...]  # in the order of the run

    @property
    def paths(self) -> tuple[str, ...]:
        """The wheels, each once."""
        return tuple(dict.fromkeys(report.path for report, _ in self.found))


def grouped(reports: Iterable[Report]) -> tuple[Group, ...]:
    """Return the findings of *reports* by rule: the worst first, then those that hit most wheels."""
    found: dict[tuple[Severity, str, str], list[tuple[Report, Finding]]] = {}
    for report in reports:
        for finding in report.findings:
            found.setdefault((finding.severity, finding.code, finding.name), []).append((report, finding))
    groups = [Group(code, name, severity, tuple(rows)) for (severity, code, name), rows in found.items()]
    return tuple(sorted(groups, key=lambda group: (-group.severity.rank, -len(group.paths), group.code)))


def unnamed_members(finding: Finding) -> tuple[str, ...]:
    """
    Return the members of *finding* that its message does not name, so that nothing is said twice.

    >>> from musl_audit.model import Severity
    >>> unnamed_members(Finding("MUSL010", "x", Severity.NOTE, "with binaries: a.so (musl)", members=("a.so", "b.so")))
    ('b.so',)
    """
    words = {word.strip(",:;()") for word in finding.message.split()}
    return tuple(member for member in finding.members if member not in words)
