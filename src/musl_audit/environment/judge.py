"""From the facts of an environment to findings and the exit code."""

from collections.abc import Iterable

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.rules import run_rules
from musl_audit.judging.audit import finding_of, order
from musl_audit.judging.gate import CLEAN, FOUND, INCOMPLETE, is_at_least
from musl_audit.model import Finding, Severity

CANNOT_SAY = "ENV9"  # the codes that say that something asked for could not be done


def findings_of(context: EnvironmentContext) -> tuple[Finding, ...]:
    """Return what the rules find, by code."""
    return tuple(sorted(map(finding_of, run_rules(context)), key=order))


def exit_code(findings: Iterable[Finding], fail_on: Severity | None) -> int:
    """Return 4 where something asked for could not be done, 1 for a finding at or above *fail_on*, else 0."""
    findings = tuple(findings)
    if any(finding.code.startswith(CANNOT_SAY) for finding in findings):
        return INCOMPLETE
    return FOUND if any(is_at_least(finding.severity, fail_on) for finding in findings) else CLEAN
