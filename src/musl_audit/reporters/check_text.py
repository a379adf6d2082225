"""
What ``check`` says to people: by wheel where there are few, by rule where there are many.

``--quiet`` is for ``grep``: a line per finding, never wrapped.
"""

from collections.abc import Iterable, Iterator

from musl_audit.model import Failure, Finding, Outcome, Report, Severity, Skip
from musl_audit.reporters.base import Heading, Summary
from musl_audit.reporters.endings import counted, counted_findings, ending, next_step
from musl_audit.reporters.groups import Group, grouped, unnamed_members
from musl_audit.reporters.hints import group_ways_out, hint_lines, ways_out
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.statistics import statistics
from musl_audit.reporters.style import BAD, BOLD, CODE, GOOD, SEVERITY, plural
from musl_audit.reporters.text_layout import listed, paragraph
from musl_audit.reporters.visible import visible

_MEMBERS_SHOWN = 3
_WHEELS_SHOWN = 5
_MANY = 5  # wheels with findings, above which rules are what to group by
_MORE = "… and {} more (--verbose lists all)"


class CheckText:
    """Collects what was found, unless it is told to go by wheel; then the counts and what to do next."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._paint = heading.paint
        self._width = max(heading.width, 24)
        self._reports: list[Report] = []
        self._failures: list[Failure] = []

    def begin(self) -> str:
        """Nothing: silence until something is found."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Return the lines of one wheel, or keep them for the end."""
        match outcome:
            case Report(findings=findings) if findings:
                self._reports.append(outcome)
            case Failure():
                self._failures.append(outcome)
            case Report() | Skip():
                return ""
        if self._heading.is_quiet:
            return _text(self._quiet(outcome))
        return _text(self._by_wheel(outcome)) if self._heading.group_by == "wheel" else ""

    def end(self, summary: Summary) -> str:
        """Return what was kept, the table if one was asked for, and the counts."""
        if self._heading.is_quiet:
            return ""
        lines = [*self._kept(), *self._statistics(), *self._ending(summary)]
        return _text(lines)

    # --- By wheel -----------------------------------------------------------------------------------------

    def _quiet(self, outcome: Outcome) -> Iterator[str]:
        match outcome:
            case Report(path=path, findings=findings):
                for item in findings:
                    severity = self._paint(item.severity.value, SEVERITY[item.severity])
                    yield self._line(path, item.code, severity, item.sentence)
            case Failure(path=path, code=code, message=message):
                yield self._line(path, code, self._paint("failed", BAD), message)
            case Skip():
                pass

    def _line(self, path: str, code: str, severity: str, message: str) -> str:
        return f"{self._paint(visible(path), BOLD)}: {self._paint(code, CODE)} {severity} {visible(message)}"

    def _by_wheel(self, outcome: Outcome) -> Iterator[str]:
        match outcome:
            case Report():
                yield from self._flow(outcome.path, BOLD, indent="")
                yield from self._flow(sentence(outcome), indent="  ")
                for finding in outcome.findings:
                    yield from self._finding(outcome, finding)
            case Failure(path=path, code=code, message=message):
                yield from self._flow(path, BOLD, indent="")
                yield from self._flow(f"{code} could not be examined: {message}", BAD, indent="  ")
            case Skip():
                pass

    def _finding(self, report: Report, finding: Finding) -> Iterator[str]:
        text = f"{finding.code} {finding.severity} {visible(finding.sentence)}"
        lines = paragraph(text, self._width, first="  ", rest="    ")
        yield from self._headed(finding.code, finding.severity, lines)
        members = unnamed_members(finding)
        shown = len(members) if self._heading.is_verbose else _MEMBERS_SHOWN
        for member in listed(members, shown, _MORE):
            yield f"    - {visible(member)}"
        yield from hint_lines(ways_out(report, finding, self._heading), self._width, "    ")

    # --- By rule ------------------------------------------------------------------------------------------

    def _kept(self) -> Iterator[str]:
        way = self._heading.group_by or ("rule" if len(self._reports) > _MANY else "wheel")
        if self._heading.group_by == "wheel":
            return
        if self._heading.has_statistics and self._heading.group_by is None:  # the table says it, in one screen
            for failure in self._failures:
                yield from self._by_wheel(failure)
            return
        if way == "wheel":
            outcomes: list[Outcome] = [*self._reports, *self._failures]
            for outcome in outcomes:
                yield from self._by_wheel(outcome)
            return
        for group in grouped(self._reports):
            yield from self._group(group)
            yield ""
        for failure in self._failures:
            yield from self._by_wheel(failure)

    def _group(self, group: Group) -> Iterator[str]:
        text = f"{group.code} {group.severity} {group.name}: {plural(len(group.paths), 'wheel')}"
        yield from self._headed(group.code, group.severity, paragraph(text, self._width, rest="  "))
        by_sentence: dict[str, dict[str, None]] = {}
        for report, finding in group.found:
            by_sentence.setdefault(finding.sentence, {})[report.filename] = None
        for said, names in by_sentence.items():
            yield from self._flow(said, indent="  ")
            shown = len(names) if self._heading.is_verbose else _WHEELS_SHOWN
            yield from (f"    - {visible(name)}" for name in listed(list(names), shown, _MORE))
        yield from hint_lines(group_ways_out(group, self._heading), self._width, "  ")

    # --- Both ---------------------------------------------------------------------------------------------

    def _headed(self, code: str, severity: Severity, lines: list[str]) -> Iterator[str]:
        """Yield *lines*, of which the first begins with code and severity, with these painted."""
        first, *rest = lines
        painted = f"{self._paint(code, CODE)} {self._paint(severity, SEVERITY[severity])}"
        yield first.replace(f"{code} {severity}", painted, 1)
        yield from rest

    def _flow(self, text: str, style: str = "", *, indent: str) -> Iterator[str]:
        for line in paragraph(visible(text), self._width, first=indent, rest=indent):
            yield self._paint(line, style) if style else line

    def _statistics(self) -> Iterator[str]:
        if self._heading.has_statistics:
            yield from statistics(self._reports, self._width)

    def _ending(self, summary: Summary) -> Iterator[str]:
        for text in ending(self._heading, summary):
            yield from [text] if text.startswith("Configuration: ") else self._flow(text, indent="")
        clean = BOLD if counted_findings(summary) else GOOD
        yield from self._flow(counted(summary), BAD if summary.exit_code else clean, indent="")
        for text in next_step(self._reports, self._heading):
            yield from self._flow(text, indent="")


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
