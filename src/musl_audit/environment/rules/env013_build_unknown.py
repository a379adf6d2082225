"""
What the interpreter was built with is not known: neither ``_sysconfigdata*.py`` nor ``pyconfig.h`` is at hand.

Some distributions put both into a package for developers, and images made small lack them. Whether socket families
are missing (ENV011) and which names of extension modules are imported cannot be told from disk then.

Add ``--run``: the interpreter is then executed and asked.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule("ENV013", "build-unknown", Severity.NOTE, "add --run to ask the interpreter itself")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for an interpreter without build files that was not run."""
    interpreter = context.environment.interpreter
    if interpreter is not None and context.build is None:
        yield RULE.states(
            "neither _sysconfigdata*.py nor pyconfig.h was found: what it was built without cannot be told",
            members=[interpreter.executable],
        )
