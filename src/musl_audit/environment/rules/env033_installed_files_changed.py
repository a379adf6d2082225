"""
Files of an installed package are not what was installed.

A binary has another size than ``RECORD`` says (or, with ``--verify-hashes``, any file another digest): it was stripped,
patched or replaced since. What is judged is what lies there now.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule("ENV033", "installed-files-changed", Severity.NOTE, "install the package again if nobody meant to")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each package."""
    for answer in (answer for item in context.environment.installations for answer in item.answers):
        if answer.changed:
            bases = [path.rpartition("/")[2] for path in answer.changed]
            verb = "was" if len(bases) == 1 else "were"
            yield RULE.states(
                f"{answer.project.spelled}: {spell(bases, 2)} {verb} changed since the installation",
                members=answer.changed,
            )
