"""What ``show`` says about each wheel: the verdict, then the evidence, then the terms of the policies."""

from collections.abc import Iterable, Iterator, Sequence

from musl_audit.model import Failure, Finding, Outcome, Report, Severity, Skip, WheelKind
from musl_audit.reporters.base import Heading, Summary
from musl_audit.reporters.endings import counted, ending
from musl_audit.reporters.groups import unnamed_members
from musl_audit.reporters.hints import hint_lines, ways_out
from musl_audit.reporters.ladder import ReleaseRung, ladder, spell_distributions, spell_reasons
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.style import BAD, BOLD, CODE, GOOD, SEVERITY, plural
from musl_audit.reporters.terms import headline
from musl_audit.reporters.text_layout import listed, paragraph, width_of
from musl_audit.reporters.visible import visible

_MEMBERS_SHOWN = 8
_NARROW = 60  # columns, below which columns stand below each other


class ShowText:
    """A block per wheel."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._width = max(heading.width, 24)
        self._paint = heading.paint
        self._is_first = True

    def begin(self) -> str:
        """Nothing: the first thing to say is about the first wheel."""
        return ""

    def outcome(self, outcome: Outcome) -> str:
        """Return the block of one wheel."""
        match outcome:
            case Report():
                lines = [*self._report(outcome)]
            case Failure(path=path, code=code, message=message):
                lines = [self._paint(visible(path), BOLD), *self._flow(f"{code} could not be read: {message}", BAD)]
            case Skip(path=path, reason=reason):
                lines = [self._paint(visible(path), BOLD), *self._flow(f"skipped: {reason}")]
        if self._heading.is_oneline:
            return _oneline(outcome)
        blank = "" if self._is_first else "\n"
        self._is_first = False
        return blank + "".join(f"{line}\n" for line in lines)

    def end(self, summary: Summary) -> str:
        """Return the counts, where there is more than one wheel, and what in the settings had no effect."""
        if self._heading.is_oneline:
            return ""
        lines = ending(self._heading, summary)
        if summary.examined + summary.failed > 1 and not self._heading.is_quiet:
            lines.append(counted(summary))
        return "".join(f"{line}\n" for line in (["", *lines] if lines else lines))

    # --- One wheel ------------------------------------------------------------------------------------------

    def _report(self, report: Report) -> Iterator[str]:
        yield self._paint(visible(report.path), BOLD)
        yield from self._flow(sentence(report), _verdict_style(report))
        if self._heading.is_quiet:
            return
        yield from self._ladder(report)
        yield from self._findings(report)
        yield from self._libraries(report)
        yield from self._terms(report)

    def _flow(self, text: str, style: str = "", indent: str = "  ") -> Iterator[str]:
        for line in paragraph(visible(text), self._width, first=indent, rest=indent):
            yield self._paint(line, style) if style else line

    def _title(self, text: str) -> Iterator[str]:
        yield ""
        yield self._paint(text, BOLD)

    def _ladder(self, report: Report) -> Iterator[str]:
        rungs = ladder(report)
        if not rungs:
            return
        yield from self._title("Where it loads")
        column = max(width_of(rung.span) for rung in rungs)
        for rung in rungs:
            start = f"  musl {rung.span:<{column}}  "
            details = _details(rung, report)
            if self._width < _NARROW:
                yield f"{start.rstrip()}  {self._answer(rung)}"
                yield from (line for detail in details for line in self._flow(detail, indent="    "))
            else:
                rest = " " * (width_of(start) + len("loads  "))
                lines = [line for detail in details for line in self._flow(detail, indent=rest)] or [rest]
                yield f"{start}{self._answer(rung)}  {lines[0].removeprefix(rest)}".rstrip()
                yield from lines[1:]

    def _answer(self, rung: ReleaseRung) -> str:
        style = GOOD if rung.answer == "loads" else BAD if rung.is_broken else BOLD
        return self._paint(rung.answer, style)

    def _findings(self, report: Report) -> Iterator[str]:
        findings = report.findings
        if not findings:
            return
        yield from self._title(f"Findings: {_counts(findings)}")
        for index, finding in enumerate(findings):
            if index:
                yield ""
            severity = self._paint(finding.severity.value, SEVERITY[finding.severity])
            yield f"  {severity} {self._paint(finding.code, CODE)} {finding.name}"
            yield from self._flow(finding.sentence, indent="    ")
            yield from self._names(unnamed_members(finding))
            yield from hint_lines(ways_out(report, finding, self._heading), self._width, "    ")

    def _names(self, names: Iterable[str]) -> Iterator[str]:
        rows = [f"- {name}" for name in names]
        shown = len(rows) if self._heading.is_verbose else _MEMBERS_SHOWN
        for name in listed(rows, shown, "… and {} more (--verbose lists all)"):
            yield f"      {visible(name)}"

    def _libraries(self, report: Report) -> Iterator[str]:
        libraries = report.external_libraries
        if not libraries:
            return
        yield from self._title("Libraries from outside")
        column = max(width_of(visible(library.soname)) for library in libraries)
        status = max(len(library.status) for library in libraries)
        for library in libraries:
            soname, users = visible(library.soname), library.needed_by
            start = f"  {soname}{' ' * (column - width_of(soname))}  {library.status:<{status}}  needed by "
            user = visible(users[0]) if len(users) == 1 else plural(len(users), "file")
            if self._width < _NARROW:
                yield f"  {soname}"
                yield from self._flow(f"{library.status}, needed by {user}", indent="    ")
            else:
                yield start + (user if width_of(start + user) <= self._width else plural(len(users), "file"))

    def _terms(self, report: Report) -> Iterator[str]:
        yield from self._title("In terms of its tags")
        yield from self._flow(headline(report))
        if report.verdict.arch is not None:
            verb = "as a wheel, would earn" if report.kind is WheelKind.FILE else "earns"
            yield from self._flow(f"{verb} {', '.join(report.verdict.earned_tags) or 'no tag for musl, as it is'}")


def _oneline(outcome: Outcome) -> str:
    """Return the line of one wheel, for ``grep`` and for long lists."""
    match outcome:
        case Report(path=path):
            said = sentence(outcome)
        case Failure(path=path, code=code, message=message):
            said = f"{code} could not be read: {message}"
        case Skip(path=path, reason=reason):
            said = f"skipped: {reason}"
    return f"{visible(path)}: {visible(said)}\n"


def _verdict_style(report: Report) -> str:
    kept = {claim.kept for claim in report.claims if claim.series is not None}
    if False in kept or not report.verdict.loads_on:
        return BAD
    return GOOD if kept == {True} else BOLD


def _counts(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity, the worst first."""
    severities = [finding.severity for finding in findings]
    counts = ((severities.count(severity), severity.value) for severity in reversed(Severity))
    return ", ".join(plural(number, noun) for number, noun in counts if number)


def _details(rung: ReleaseRung, report: Report) -> Iterator[str]:
    """Yield what stands beside a rung: the promise it breaks, who ships it, what decides."""
    if rung.is_broken:
        yield f"promised by {' and '.join(rung.promised_by)}"
    yield from spell_distributions(rung, report.verdict)
    yield from spell_reasons(
        rung, report.verdict.known, told={(item.code, item.members, item.symbols) for item in report.findings}
    )
