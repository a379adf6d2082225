"""
An installed package does not load here: its import crashes or fails, or its program does not start.

Installers compare tags, and tags have no patch level of musl: what they install may need a later release than the one
that is there. Judged are the files where they lie, by the rules about wheels, against the libc that is there, its own
exports and the libraries that its search path leads to. The message says what is needed and what is here; ``musl-audit
rule MUSL401`` explains a rule that is named.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.environment.installed.values import InstalledAnswer
from musl_audit.judging.rules.base import Rule, Teller
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV031",
    "installed-does-not-load",
    Severity.ERROR,
    "`musl-audit env --wheels DIR` makes a wheel of what is installed, and `musl-audit repair` mends it",
    told_by=Teller.PACKAGE_ANSWER,
)
_HINT = "install another version, or a system that has what it needs"


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each package."""
    for installation in context.environment.installations:
        for answer in installation.broken:
            found = answer.report.findings
            yield RULE.states(
                f"{answer.sentence} ({', '.join(sorted({item.code for item in found}))})",
                members=(path for item in found for path in item.members),
                symbols=(name for item in found for name in item.symbols),
                libraries=(name for item in found for name in item.libraries),
                hint=_hint(answer),
            )


def _hint(answer: InstalledAnswer) -> str:
    return RULE.hint if answer.is_mendable else _HINT
