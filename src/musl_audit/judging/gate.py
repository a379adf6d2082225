"""What leaves the judge: findings selected and ignored, and the exit code, in one place."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from musl_audit.frozen import frozen, replace
from musl_audit.judging.settings import Settings
from musl_audit.model import Failure, Finding, Outcome, Report, Severity, Skip

CLEAN, FOUND, USAGE, NOTHING, INCOMPLETE = range(5)


@frozen
class Gated:
    """A report with the findings that the settings let through, and the ignores that had something to ignore."""

    report: Report
    used_ignores: frozenset[str]


def gate(report: Report, settings: Settings) -> Gated:
    """
    Return *report* with the findings that are selected and not ignored.

    Codes are matched by prefix. A finding of which only some files are ignored keeps the others. Whether a tag is kept
    does not change: a gate may look away, the loader does not.
    """
    kept = []
    used: set[str] = set()
    for finding in report.findings:
        if settings.select and not finding.code.startswith(settings.select):
            continue
        ignored_by = [prefix for prefix in settings.ignore if finding.code.startswith(prefix)]
        used.update(ignored_by)
        if ignored_by:
            continue
        left, globs = _without_ignored_files(finding, settings)
        used.update(globs)
        if left is not None:
            kept.append(left)
    return Gated(replace(report, findings=tuple(kept)), frozenset(used))


def _without_ignored_files(finding: Finding, settings: Settings) -> tuple[Finding | None, set[str]]:
    """Return *finding* without the files that a per-file ignore takes out, if any is left, and the globs used."""
    globs = [glob for glob, prefixes in settings.per_file_ignores if finding.code.startswith(prefixes)]
    taken = {member: glob for member in finding.members for glob in globs if fnmatchcase(member, glob)}
    members = tuple(member for member in finding.members if member not in taken)
    if not taken:
        return finding, set()
    return (replace(finding, members=members) if members else None), set(taken.values())


def exit_code(
    outcomes: Iterable[Outcome], settings: Settings, *, allow_empty: bool = False, strict_inputs: bool = False
) -> int:
    """Return the exit code of ``check`` for gated *outcomes*: incomplete before findings before nothing examined."""
    outcomes = list(outcomes)
    reports = [outcome for outcome in outcomes if isinstance(outcome, Report)]
    if any(isinstance(outcome, Failure) for outcome in outcomes) or any(is_unjudged(report) for report in reports):
        return INCOMPLETE
    if strict_inputs and any(isinstance(outcome, Skip) for outcome in outcomes):
        return INCOMPLETE
    if any(is_at_least(finding.severity, settings.fail_on) for report in reports for finding in report.findings):
        return FOUND
    return CLEAN if reports or allow_empty else NOTHING


def is_at_least(severity: Severity, threshold: Severity | None) -> bool:
    """Whether *severity* reaches *threshold*; nothing reaches None."""
    return threshold is not None and severity.rank >= threshold.rank


def is_unjudged(report: Report) -> bool:
    """Whether the wheel claims musllinux and a claim could not be judged for want of data."""
    return any(
        claim.series is not None and claim.floor is None and claim.kept is None and claim.exists
        for claim in report.claims
    )
