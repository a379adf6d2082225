"""Markdown, for the summary of a CI job: the verdict, the ladder as a table, the findings."""

from collections.abc import Iterator

from musl_audit.model import Failure, Finding, Outcome, Report, Severity, Skip
from musl_audit.reporters.base import Heading, Reporter, Summary
from musl_audit.reporters.endings import counted, ending
from musl_audit.reporters.ladder import Rung, ladder, spell_distributions, spell_reasons
from musl_audit.reporters.terms import headline
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_SPECIAL = frozenset("\\`*_{}[]<>()#+!|&~@:$=^")
_MARKS = {Severity.ERROR: "❌ error", Severity.WARNING: "⚠️ warning", Severity.NOTE: "note"}
_MEMBERS_SHOWN = 8


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Markdown(heading)


class Markdown:
    """A section per wheel."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading

    def begin(self) -> str:
        """Return the title."""
        return "## musl-audit\n\n"

    def outcome(self, outcome: Outcome) -> str:
        """Return the section of one wheel; nothing for one that is skipped."""
        match outcome:
            case Report():
                return "\n".join(self._report(outcome)) + "\n\n"
            case Failure(path=path, code=code, message=message):
                return f"### {code_span(path)}\n\n❌ {code_span(code)} not examined: {escaped(message)}\n\n"
            case Skip():
                return ""

    def end(self, summary: Summary) -> str:
        """Return the counts."""
        lines = [] if self._heading.is_quiet else [*ending(self._heading, summary), counted(summary)]
        return "".join(f"{escaped(line)}\n" for line in lines)

    def _report(self, report: Report) -> Iterator[str]:
        yield f"### {code_span(report.path)}"
        yield ""
        yield escaped(headline(report))
        if self._heading.is_quiet:
            return
        yield from _ladder(report)
        if report.findings:
            yield ""
        for finding in report.findings:
            yield from _finding(finding)


def _ladder(report: Report) -> Iterator[str]:
    rungs = ladder(report)
    if not rungs:
        return
    yield from ("", "| musl | loads | distributions | decided by |", "|---|---|---|---|")
    for rung in rungs:
        distributions = escaped("; ".join(spell_distributions(rung, report.verdict)))
        reasons = "<br>".join(map(escaped, spell_reasons(rung, report.verdict.known)))
        yield f"| {rung.span} | {_answer(rung)} | {distributions} | {reasons} |"


def _answer(rung: Rung) -> str:
    if rung.loads:
        return "✅ yes" if rung.is_certain else "maybe"
    return f"❌ no, though {' and '.join(map(code_span, rung.promised_by))} promises it" if rung.is_broken else "no"


def _finding(finding: Finding) -> Iterator[str]:
    mends = ", which `musl-audit repair` mends" if finding.is_mendable else ""
    yield f"- {_MARKS[finding.severity]} {code_span(finding.code)} {finding.name}{mends}: {escaped(finding.sentence)}"
    for name in listed([code_span(member) for member in finding.members], _MEMBERS_SHOWN):
        yield f"  - {name}"
    if finding.advice:
        yield f"  - *hint:* {escaped(finding.advice)}"


def escaped(text: str) -> str:
    r"""
    Return *text* as Markdown that says it literally: no markup, no link, no mention.

    >>> print(escaped("[x](y) <b> @you www.example.org"))
    \[x\]\(y\) \<b\> \@you www\.example.org
    """
    text = "".join(f"\\{char}" if char in _SPECIAL else char for char in visible(text))
    return text.replace("www.", r"www\.")


def code_span(text: str) -> str:
    r"""
    Return *text* as code, also inside a table.

    >>> code_span("a|b"), code_span("a`b")
    ('`a\\|b`', '<code>a&#96;b</code>')
    """
    text = visible(text)
    if "`" not in text:
        return "`" + text.replace("|", r"\|") + "`"
    for char in "&<>`|":
        text = text.replace(char, f"&#{ord(char)};")
    return f"<code>{text}</code>"
