"""
Files that an installed package lists are gone.

Images are often made smaller that way, and most of what is deleted is never missed. Where a binary is gone, its import
fails; nothing else says so, for what is not there cannot be judged.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule("ENV032", "installed-files-missing", Severity.NOTE, "install the package again, if it is missed")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each package; a warning where a binary is gone."""
    for answer in (answer for item in context.environment.installations for answer in item.answers):
        gone = [path for path in answer.missing if not path.endswith((".pyc", ".pyo"))]
        binaries = [path for path in gone if path.endswith(".so") or ".so." in path.rpartition("/")[2]]
        if not gone:
            continue
        bases = [path.rpartition("/")[2] for path in binaries or gone]
        number = f"{len(gone)} file" + ("" if len(gone) == 1 else "s")
        yield RULE.states(
            f"{answer.project.spelled}: {number} of those that it lists are gone: {spell(bases, 2)}",
            members=gone,
            severity=Severity.WARNING if binaries else None,
        )
