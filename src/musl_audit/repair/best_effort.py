"""What a repair that does not keep the promise did mend, what remains, and which floor the result would pass."""

from collections.abc import Iterator

from musl_audit.frozen import replace
from musl_audit.judging.audit import judge
from musl_audit.judging.settings import Settings
from musl_audit.model import Finding, MuslVersion, Report, Severity, WheelFacts
from musl_audit.policy import Catalog


def mended(before: Report, after: Report) -> Iterator[str]:
    """Yield what is wrong with the wheel as it came, and no longer with the result: rules, and how many files each."""
    left = {finding.code: finding for finding in _errors(after)}
    for finding in _errors(before):
        remaining = left[finding.code].members if finding.code in left else ()
        files = len(set(finding.members) - set(remaining))
        if finding.code not in left or files:
            yield f"{finding.code} {finding.name}" + (f" in {files} file{'s' * (files > 1)}" if files else "")


def passing_floor(predicted: WheelFacts, catalog: Catalog, settings: Settings, report: Report) -> MuslVersion | None:
    """
    Return the lowest release that the result would pass as ``--floor``; None where there is none above today's.

    *report* is the verdict on *predicted*: from ``required_musl`` on every known release loads it.
    """
    candidate = report.verdict.required_musl
    if candidate is None:
        return None
    floor = replace(settings, floor=str(candidate), floor_source=f"--floor {candidate}")
    claims = [claim for claim in judge(predicted, catalog, floor).claims if claim.series is not None]
    return candidate if claims and all(claim.kept for claim in claims) else None


def _errors(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity is Severity.ERROR]
