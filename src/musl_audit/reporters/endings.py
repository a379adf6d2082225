"""The last lines of a text report: counts, and what of the settings had no effect."""

from collections.abc import Iterator, Sequence

from musl_audit.model import Report, Severity
from musl_audit.reporters.base import Heading, Summary
from musl_audit.reporters.hints import only_dead
from musl_audit.reporters.style import plural
from musl_audit.reporters.text_layout import listed
from musl_audit.reporters.visible import visible

_GONE_SHOWN = 5
_SKIPS = {
    "manylinux": "built for glibc (manylinux): nothing to say here",
    "macosx": "for macOS",
    "win": "for Windows",
    "sdist": "of source (sdist)",
    "pure": "without binaries (pure)",
}


def ending(heading: Heading, summary: Summary) -> list[str]:
    """Return what there is to say after the last wheel."""
    return [*_skips(summary), *_settings(heading, summary), *_baseline(heading, summary)]


def _skips(summary: Summary) -> list[str]:
    if not summary.skipped:
        return []
    reasons = ", ".join(f"{number} {visible(_SKIPS.get(reason, reason))}" for reason, number in summary.skip_reasons)
    return [f"Skipped {plural(summary.skipped, 'input')}: {reasons}"]


def _baseline(heading: Heading, summary: Summary) -> list[str]:
    """Return what the baseline kept silent, and what it can let go of."""
    lines = []
    file = visible(summary.baseline or "")
    if summary.known:
        lines.append(f"{plural(summary.known, 'known finding')}, says {file}")
    if summary.gone:
        shown = len(summary.gone) if heading.is_verbose else _GONE_SHOWN
        names = [visible(name) for name in listed(summary.gone, shown)]
        lines.append(f"Gone, though {file} knows it (write it again): {', '.join(names)}")
    if heading.writes_baseline and summary.baseline:
        lines.append(f"Written to {file}: from now on `--baseline {file}` passes these findings")
    return lines


def _settings(heading: Heading, summary: Summary) -> list[str]:
    lines = []
    if heading.settings.config_file:
        lines.append(f"Configuration: {visible(heading.settings.config_file)}")
    if summary.unused_ignores:
        lines.append(f"Ignored nothing: {visible(', '.join(summary.unused_ignores))}")
    return lines


def next_step(reports: Sequence[Report], heading: Heading) -> Iterator[str]:
    """Yield what to do now that errors were found: what ``repair`` mends, what only old releases are hit by, or why."""
    errors = [item for report in reports for item in report.findings if item.severity is Severity.ERROR]
    if not errors:
        return
    mended = sum(item.is_mendable for item in errors)
    if mended:
        yield f"`musl-audit repair` mends {_of(mended, len(errors), 'error')}"
    dead = sum(only_dead(item, heading.supported) for item in errors)
    if dead and heading.settings.floor is None:
        yield f"`--floor supported` does without {_of(dead, len(errors), 'error')}: only old distributions are hit"
    code = next((item.code for item in errors if not item.is_mendable), errors[0].code)
    yield f"`musl-audit rule {code}` explains it, `musl-audit show WHEEL` shows all about a wheel"


def _of(part: int, whole: int, noun: str) -> str:
    """
    Return a part of a number of things.

    >>> _of(2, 3, "error"), _of(3, 3, "error"), _of(1, 1, "error")
    ('2 of 3 errors', 'all 3 errors', 'the error')
    """
    if part < whole:
        return f"{part} of {plural(whole, noun)}"
    return f"the {noun}" if whole == 1 else f"all {plural(whole, noun)}"


def counted(summary: Summary) -> str:
    """
    Return the result of the run in one sentence.

    >>> counted(Summary(examined=2, errors=1)), counted(Summary(failed=1))
    ('Found 1 error in 2 wheels', 'Examined no wheel, 1 could not be examined')
    """
    failed = f", {summary.failed} could not be examined" if summary.failed else ""
    found = counted_findings(summary)
    if not summary.examined:
        return f"Examined no wheel{failed}"
    return f"Found {found or 'nothing wrong'} in {plural(summary.examined, 'wheel')}{failed}"


def counted_findings(summary: Summary) -> str:
    """
    Return the counts of findings that are not 0.

    >>> counted_findings(Summary(errors=2, notes=1))
    '2 errors, 1 note'
    """
    counts = ((summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note"))
    return ", ".join(plural(number, noun) for number, noun in counts if number)
