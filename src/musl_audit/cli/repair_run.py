"""One run of ``repair``: each wheel to the workshop or to auditwheel, and what became of it told."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from musl_audit import __version__
from musl_audit.adapters.auditwheel import delegated, without_counterpart
from musl_audit.cli.output import Output
from musl_audit.cli.progress import Progress
from musl_audit.cli.stderr import remark, tell_unused_globs
from musl_audit.errors import MuslAuditError, UsageError
from musl_audit.model import Report
from musl_audit.repair.actions import Graft, RepairPlan
from musl_audit.reporters.repair_text import action_row, left_out_row, spell_action, spell_left_out
from musl_audit.reporters.sentence import summary
from musl_audit.reporters.style import BAD, BOLD, GOOD, plural
from musl_audit.reporters.text_layout import paragraph
from musl_audit.reporters.visible import visible
from musl_audit.workflows.repairing import Repaired, RepairStatus, Workshop
from musl_audit.workflows.repairing_several import repair_each

_WORST_FIRST = (4, 1)  # then whatever auditwheel answered


class RepairRun:
    """What a run of ``repair`` is asked to do."""

    def __init__(self, workshop: Workshop, options: Namespace) -> None:
        self._workshop = workshop
        self._options = options
        self._output = Output(sys.stdout, options.color)

    def run(self, paths: Sequence[Path]) -> int:
        """Repair the wheels, say what became of each, and return the worst exit code."""
        rows = []
        codes = {0}
        total = len(paths)
        places = [f"{number}/{total}" if total > 1 else "" for number in range(1, total + 1)]
        with (
            Progress(is_quiet=self._options.quiet) as progress,
            closing(repair_each(self._workshop, paths, self._options.jobs)) as results,
        ):
            for path, place in zip(paths, places, strict=True):
                progress.tell(visible(f"{place} {path.name}".strip()))
                result = next(results)
                progress.clear()  # auditwheel writes by itself
                result = self._delegated(result)
                codes.add(result.exit_code)
                rows.append(result)
                if not self._options.json:
                    self._tell(result, place)
                    _tell_remains(result)
        if len(rows) > 1 and not self._options.json and not self._options.quiet:
            sys.stdout.write(f"{self._painted(counted(rows), max(codes))}\n")
        if not self._options.quiet and any(row.keeps_promise is not None for row in rows):
            used = {library.glob for row in rows for library in row.plan.left_out}
            tell_unused_globs(self._workshop.settings, used)
        code = next((code for code in _WORST_FIRST if code in codes), max(codes))
        if self._options.json:
            document = {
                "schema_version": 1,
                "tool": {"name": "musl-audit", "version": __version__},
                "policy": self._workshop.catalog.version,
                "wheels": [repair_row(row) for row in rows],
                "exit_code": code,
            }
            sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True) + "\n")
        return code

    def _delegated(self, result: Repaired) -> Repaired:
        """Return *result*, or what auditwheel makes of the wheel where that is for glibc."""
        if result.status is not RepairStatus.FOR_GLIBC:
            return result
        path = Path(result.path)
        if self._options.no_delegate:
            reason = "it is for glibc, and --no-delegate keeps it from auditwheel"
            return Repaired(str(path), RepairStatus.REFUSED, reasons=(reason,), exit_code=1)
        if self._options.dry_run:
            return Repaired(str(path), RepairStatus.PLANNED, reasons=("it is for glibc: auditwheel will repair it",))
        if foreign := without_counterpart(self._options):
            reason = f"it is for glibc, and auditwheel has no {foreign[0]}"
            return Repaired(str(path), RepairStatus.REFUSED, reasons=(reason,), exit_code=1)
        sys.stdout.flush()
        try:
            code = delegated(path, self._options, self._workshop.settings.exclude, self._workshop.directory)
        except UsageError:
            raise
        except MuslAuditError as error:
            return Repaired(str(path), RepairStatus.FAILED, reasons=(str(error),), exit_code=4)
        said = (
            ("--warn has no counterpart in auditwheel: what it refuses is not written",) if self._options.warn else ()
        )
        return Repaired(str(path), RepairStatus.DELEGATED, reasons=said, exit_code=code)

    def _painted(self, text: str, code: int) -> str:
        return self._output.paint(text, BAD if code else GOOD)

    def _tell(self, result: Repaired, place: str) -> None:
        if result.status in (RepairStatus.REFUSED, RepairStatus.FAILED):
            what = "cannot be repaired" if result.status is RepairStatus.REFUSED else "could not be repaired"
            remark(f"error: {result.path}: {what}")
            for reason in result.reasons:
                remark(f"  {reason}")
            for line in ways_on(result):
                remark(f"  {line}")
        elif not self._options.quiet:
            head, *rest = told(result, is_verbose=bool(self._options.verbose))
            number = f"[{place}] " if place else ""
            self._output.write(f"{number}{self._output.paint(visible(head), BOLD)}\n")
            for line in (shown for text in rest for shown in self._wrapped(text)):
                self._output.write(f"{line}\n")

    def _wrapped(self, text: str) -> list[str]:
        """Return *text* as wide as the terminal; a pipe gets whole lines, for ``grep``."""
        if not sys.stdout.isatty():
            return [visible(text)]
        indent = " " * (len(text) - len(text.lstrip()))
        return paragraph(visible(text), self._output.width, first=indent, rest=f"{indent}  ")


def counted(results: Sequence[Repaired]) -> str:
    """Return how many wheels became what, in one sentence."""
    words = {
        RepairStatus.REPAIRED: "repaired",
        RepairStatus.COPIED: "copied as they are",
        RepairStatus.PLANNED: "planned",
        RepairStatus.DELEGATED: "handed to auditwheel",
        RepairStatus.REFUSED: "refused",
        RepairStatus.FAILED: "failed",
    }
    states = [result.status for result in results]
    parts = [f"{states.count(status)} {word}" for status, word in words.items() if status in states]
    return f"{plural(len(results), 'wheel')}: {', '.join(parts)}"


def _tell_remains(result: Repaired) -> None:
    """Warn about a wheel that was written, or would be, though it does not keep its promise."""
    if result.keeps_promise is not False or result.status is RepairStatus.REFUSED:
        return
    remark(f"warning: {result.path}: the best there is, but it does not keep its promise:")
    for reason in result.reasons:
        remark(f"  {reason}")


def ways_on(result: Repaired) -> Iterator[str]:
    """Yield what could be mended of a wheel that was refused for what remains, and what to do now."""
    if result.keeps_promise is not False:
        return
    if result.mended:
        yield f"mended would be: {', '.join(result.mended)}"
    floor = f"`--floor {result.passing_floor}`, which the result would pass, or " if result.passing_floor else ""
    yield f"what now: {floor}`--warn`, which writes the wheel as far as it can be mended"


def _told_plan(plan: RepairPlan, *, is_verbose: bool) -> Iterator[str]:
    for action in plan.actions:
        yield f"  - {spell_action(action)}"
        if is_verbose and isinstance(action, Graft):
            yield from (f"      passed over {line}" for line in action.passed_over)
    yield from (f"  left outside: {spell_left_out(library)}" for library in plan.left_out)
    yield from (f"  warning: {note}" for note in plan.notes)


def told(result: Repaired, *, is_verbose: bool = False) -> Iterator[str]:
    """Yield the lines about a wheel that was repaired, copied, planned or handed on."""
    yield result.path
    for reason in result.reasons if result.keeps_promise is None else ():
        yield f"  {reason}"
    yield from _told_plan(result.plan, is_verbose=is_verbose)
    match result.status:
        case RepairStatus.REPAIRED:
            yield f"  → {result.output}"
        case RepairStatus.COPIED if result.keeps_promise is False:
            yield f"  nothing to mend, copied → {result.output}"
        case RepairStatus.COPIED:
            yield f"  fine as it is, copied → {result.output}"
        case RepairStatus.PLANNED:
            yield f"  would be written to {result.output}" if result.output else "  nothing was run"
        case _:
            yield f"  by auditwheel, which exited {result.exit_code}"
    if result.report is not None:
        yield f"  {summary(result.report)}"


def repair_row(result: Repaired) -> dict[str, object]:
    """Return *result* as JSON."""
    return {
        "path": result.path,
        "status": result.status.value,
        "output": result.output,
        "plan": [action_row(action) for action in result.plan.actions],
        "left_out": [left_out_row(library) for library in result.plan.left_out],
        "notes": list(result.plan.notes),
        "reasons": list(result.reasons),
        "keeps_promise": result.keeps_promise,
        "mended": list(result.mended),
        "passing_floor": None if result.passing_floor is None else str(result.passing_floor),
        "result": None if result.report is None else _verdict_row(result.report),
        "exit_code": result.exit_code,
    }


def _verdict_row(report: Report) -> dict[str, object]:
    verdict = report.verdict
    return {
        "wheel": report.filename,
        "loads_on": [str(release) for release in sorted(verdict.loads_on)],
        "required_musl": None if verdict.required_musl is None else str(verdict.required_musl),
        "earned_tags": list(verdict.earned_tags),
        "summary": summary(report),
    }
