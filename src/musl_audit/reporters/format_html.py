"""One HTML page for the whole run, to send or to keep as an artifact: the matrix, the verdicts, the findings."""

from collections.abc import Iterator, Sequence
from html import escape

from musl_audit.model import Failure, Finding, Loads, Report, Severity
from musl_audit.reporters.addresses import rule_address
from musl_audit.reporters.base import Gathering, Heading, Reporter, Summary
from musl_audit.reporters.endings import counted, ending
from musl_audit.reporters.groups import unnamed_members
from musl_audit.reporters.hints import advice
from musl_audit.reporters.html_style import STYLE
from musl_audit.reporters.ladder import ladder, spell_distributions, spell_reasons
from musl_audit.reporters.matrix import Cell, Column, cells, columns
from musl_audit.reporters.sentence import summary as sentence
from musl_audit.reporters.style import plural
from musl_audit.reporters.terms import headline
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_CELLS = {  # what is to be seen, its class
    Cell.LOADS: ("✓", "good"),
    Cell.MAYBE: ("?", "warn"),
    Cell.CRASHES: ("crash", "bad"),
    Cell.FAILS: ("✗", "bad"),
    Cell.NOT_OFFERED: ("–", "dim"),
    Cell.NO_ANSWER: ("", "dim"),
}
_SEVERITIES = {Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.NOTE: "dim"}
_MEMBERS_SHOWN = 100
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def make(heading: Heading) -> Reporter:
    """Return the reporter of this format."""
    return Html(heading)


class Html(Gathering):
    """Collects every outcome, and writes the page at the end."""

    def end(self, summary: Summary) -> str:
        """Return the page."""
        return "\n".join(self._page(summary)) + "\n"

    def _page(self, summary: Summary) -> Iterator[str]:
        said = _said(counted(summary))
        yield from ("<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">')
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        yield from (f"<title>musl-audit: {said}</title>", f"<style>{STYLE}</style>", "</head>", "<body>")
        yield '<a class="skip" href="#wheels">Skip to the wheels</a>'
        yield from ("<header>", "<h1>musl-audit</h1>", f'<p class="lead">{said}</p>')
        yield from (f'<p class="dim">{_said(line)}</p>' for line in ending(self._heading, summary))
        yield from ("</header>", "<main>")
        yield from _failures(self._failures)
        yield from _matrix(self._reports)
        yield '<h2 id="wheels">Wheels</h2>'
        for number, report in enumerate(self._reports):
            yield from _wheel(number, report)
        version = f"musl-audit {self._heading.version}, policies of {self._heading.policy}"
        yield from ("</main>", f'<footer class="dim"><p>{_said(version)}</p></footer>', "</body>", "</html>")


def _failures(failures: Sequence[Failure]) -> Iterator[str]:
    if failures:
        yield "<h2>Not examined</h2><ul>"
        for item in failures:
            yield f"<li><code>{_said(item.path)}</code>: {_said(item.message)} ({_said(item.code)})</li>"
        yield "</ul>"


# --- The matrix -------------------------------------------------------------------------------------------


def _matrix(reports: Sequence[Report]) -> Iterator[str]:
    shown = columns(reports)
    if not shown:
        return
    yield '<h2 id="matrix">On which Alpine it works</h2>'
    yield '<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix"><table class="matrix"><thead><tr>'
    yield '<th scope="col">wheel</th>'
    yield "".join(f'<th scope="col" title="musl {_said(item.musl)}">{_said(item.release)}</th>' for item in shown)
    yield "</tr></thead><tbody>"
    for number, report in enumerate(reports):
        answers = cells(report)
        row = "".join(_cell(answers.get(column.id, Cell.NO_ANSWER), column) for column in shown)
        yield f'<tr><th scope="row"><a href="#wheel-{number}">{_said(report.filename)}</a></th>{row}</tr>'
    yield "</tbody></table></div>"
    yield '<p class="dim">✓ loads, crash: ends the process without a message, ✗ fails to load, ? cannot be told, '
    yield "– no installer takes it there</p>"


def _cell(cell: Cell, column: Column) -> str:
    text, style = _CELLS[cell]
    title = f"{cell} on {column.name} {column.release} (musl {column.musl})"
    return f'<td class="{style}" title="{_said(title)}">{text}</td>'


# --- One wheel --------------------------------------------------------------------------------------------


def _wheel(number: int, report: Report) -> Iterator[str]:
    is_open = " open" if any(finding.severity is Severity.ERROR for finding in report.findings) else ""
    yield f'<details id="wheel-{number}"{is_open}><summary><code>{_said(report.filename)}</code><br>'
    yield f'<span class="badge {_style(report)}">{_answer(report)}</span> {_prose(sentence(report))}</summary><div>'
    for finding in report.findings:
        yield from _finding(report, finding)
    yield from _ladder(report)
    yield f'<p class="dim">{_said(headline(report))}</p></div></details>'


def _style(report: Report) -> str:
    if any(finding.severity is Severity.ERROR for finding in report.findings) or not report.verdict.loads_on:
        return "bad"
    return "warn" if report.findings or report.verdict.loads is Loads.UNKNOWN else "good"


def _answer(report: Report) -> str:
    return plural(len(report.findings), "finding") if report.findings else "nothing found"


def _finding(report: Report, finding: Finding) -> Iterator[str]:
    code = _said(f"{finding.code} {finding.name}")
    address = escape(rule_address(finding.code, finding.name))
    title = f'<a href="{address}" rel="noopener noreferrer">{code}</a>'
    badge = f'<span class="badge {_SEVERITIES[finding.severity]}">{finding.severity}</span>'
    yield f'<section class="finding {finding.severity}"><h3>{badge} {title}</h3><p>{_prose(finding.sentence)}</p>'
    if members := unnamed_members(finding):
        names = listed([f"<code>{_said(member)}</code>" for member in members], _MEMBERS_SHOWN)
        yield f"<ul>{''.join(f'<li>{name}</li>' for name in names)}</ul>"
    if way := advice(finding, [report.path]):
        yield f"<p><strong>What helps:</strong> {_prose(way)}</p>"
    yield "</section>"


def _ladder(report: Report) -> Iterator[str]:
    rungs = ladder(report)
    if not rungs:
        return
    yield '<div class="scroll" tabindex="0"><table class="ladder"><thead><tr><th scope="col">musl</th>'
    yield '<th scope="col">answer</th><th scope="col">distributions</th><th scope="col">decided by</th></tr></thead>'
    for rung in rungs:
        style = "good" if rung.loads else "bad" if rung.is_broken else "dim"
        there = "; ".join(spell_distributions(rung, report.verdict))
        reasons = "<br>".join(map(_said, spell_reasons(rung, report.verdict.known)))
        yield f'<tr><td>{_said(rung.span)}</td><td class="{style}">{rung.answer}</td>'
        yield f"<td>{_said(there)}</td><td>{reasons}</td></tr>"
    yield "</table></div>"


def _said(text: str) -> str:
    return escape(visible(text))


def _prose(text: str) -> str:
    """Return *text* with what stands in backticks as code."""
    parts = _said(text).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))
