"""Markdown, for the summary of a CI job: the matrix of wheels and Alpine releases, then the findings, folded."""

from collections.abc import Iterable, Iterator, Sequence

from musl_audit.model import Finding, Report, Severity
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Gathering, Heading, Reporter, Summary
from musl_audit.reporters.endings import counted, ending
from musl_audit.reporters.groups import unnamed_members
from musl_audit.reporters.hints import advice
from musl_audit.reporters.ladder import ReleaseRung, ladder, spell_distributions, spell_reasons
from musl_audit.reporters.matrix import Cell, cells, columns
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.terms import headline
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_SPECIAL = frozenset("\\`*_{}[]<>()#+!|&~@:$=^")
_MARKS = {Severity.ERROR: "❌ error", Severity.WARNING: "⚠️ warning", Severity.NOTE: "note"}
_CELLS = {
    Cell.LOADS: "✅",
    Cell.MAYBE: "❔",
    Cell.CRASHES: "💥",
    Cell.FAILS: "❌",
    Cell.NOT_OFFERED: "·",
    Cell.NO_ANSWER: "",
}
_LEGEND = "✅ loads · 💥 crashes · ❌ fails to load · ❔ cannot be told · · no installer takes it there"
_MEMBERS_SHOWN = 8
_LIMIT = 1_000_000  # bytes; GitHub refuses a summary of more than 1 MiB as a whole
_RESERVE = 1_000  # for what says that something is missing


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Markdown(heading)


class Markdown(Gathering):
    """The matrix first, so that all is read before."""

    def begin(self) -> str:
        """Return the title."""
        return "## musl-audit\n\n"

    def end(self, summary: Summary) -> str:
        """Return the counts, the matrix, and a folded section per wheel, in less than 1 MiB."""
        lines = [] if self._heading.is_quiet else [counted(summary), *ending(self._heading, summary)]
        head = "".join(f"{escaped(line)}\n\n" for line in lines)
        return within([head, *self._blocks()], _LIMIT)

    def _blocks(self) -> Iterator[str]:
        if self._failures:
            yield "### Not examined\n\n"
        for failure in self._failures:
            yield f"- ❌ {code_span(failure.path)} {code_span(failure.code)}: {escaped(failure.message)}\n"
        if self._failures:
            yield "\n"
        yield from _matrix(self._reports)
        if not self._heading.is_quiet:
            yield from ("\n".join(_report(report)) + "\n\n" for report in self._reports)


def within(blocks: Iterable[str], limit: int) -> str:
    """Return as many of *blocks* as take *limit* bytes, and say what was left out."""
    taken, room = [], limit - _RESERVE
    blocks = iter(blocks)
    for block in blocks:
        room -= len(block.encode("utf-8", "backslashreplace"))
        if room < 0:
            left = 1 + sum(1 for _ in blocks)
            taken.append(f"\n**Cut here: {left} more parts would make this longer than 1 MiB.** `--json` has all.\n")
            break
        taken.append(block)
    return "".join(taken)


def _matrix(reports: Sequence[Report]) -> Iterator[str]:
    """Yield the table, a block per row."""
    shown = columns(reports)
    if not shown:
        return
    names = " | ".join(column.release for column in shown)
    yield f"| wheel, on Alpine | {names} |\n|---|{':-:|' * len(shown)}\n"
    for report in reports:
        answers = cells(report)
        row = " | ".join(_CELLS[answers.get(column.id, Cell.NO_ANSWER)] for column in shown)
        yield f"| {code_span(report.filename)} | {row} |\n"
    yield f"\n{_LEGEND}\n\n"


def _report(report: Report) -> Iterator[str]:
    title = f"<code>{html_escaped(report.filename)}</code> {html_escaped(sentence(report).replace('`', ''))}"
    yield from (f"<details><summary>{title}</summary>", "")
    for finding in report.findings:
        yield from _finding(report, finding)
    yield from _ladder(report)
    yield from ("", escaped(headline(report)), "", "</details>")


def _ladder(report: Report) -> Iterator[str]:
    rungs = ladder(report)
    if not rungs:
        return
    yield from ("", "| musl | loads | distributions | decided by |", "|---|---|---|---|")
    for rung in rungs:
        distributions = escaped("; ".join(spell_distributions(rung, report.verdict)))
        reasons = "<br>".join(map(escaped, spell_reasons(rung, report.verdict.known)))
        yield f"| {rung.span} | {_answer(rung)} | {distributions} | {reasons} |"


def _answer(rung: ReleaseRung) -> str:
    if rung.loads:
        return "✅ yes" if rung.is_certain else "maybe"
    return f"❌ no, though {' and '.join(map(code_span, rung.promised_by))} promises it" if rung.is_broken else "no"


def _finding(report: Report, finding: Finding) -> Iterator[str]:
    mends = ", which `musl-audit repair` mends" if finding.is_mendable else ""
    rule = f"[{code_span(finding.code)} {finding.name}]({rule_address(finding.code, finding.name)})"
    yield f"- {_MARKS[finding.severity]} {rule}{mends}: {escaped(finding.sentence)}"
    for name in listed([code_span(member) for member in unnamed_members(finding)], _MEMBERS_SHOWN):
        yield f"  - {name}"
    if way := advice(finding, [report.path]):
        yield f"  - *hint:* {escaped(way)}"


def escaped(text: str) -> str:
    r"""
    Return *text* as Markdown that says it literally: no markup, no link, no mention.

    >>> print(escaped("[x](y) <b> @you www.example.org"))
    \[x\]\(y\) \<b\> \@you www\.example.org
    """
    text = "".join(f"\\{char}" if char in _SPECIAL else char for char in visible(text))
    return text.replace("www.", r"www\.")


def html_escaped(text: str) -> str:
    """
    Return *text* for a line of HTML, in which Markdown finds nothing to mark up either.

    >>> html_escaped("<b> *x*")
    '&#60;b&#62; &#42;x&#42;'
    """
    return "".join(f"&#{ord(char)};" if char in _SPECIAL or char in "\"'" else char for char in visible(text))


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
