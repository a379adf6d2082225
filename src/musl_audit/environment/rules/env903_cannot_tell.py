"""
A name was asked for with ``--require``, and nothing tells whether the interpreter has it.

Neither ``_sysconfigdata*.py`` nor ``pyconfig.h`` is at hand (ENV013), or they do not mention the macro that decides.
Add ``--run``. The exit code is 4: an unanswered question is not a good answer.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule("ENV903", "cannot-tell", Severity.ERROR, "add --run to ask the interpreter itself")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for all names that nothing tells about."""
    if context.environment.interpreter is None:
        return
    build, headers = context.build, context.kernel_headers
    unknown = [name for name in context.environment.required if build is None or headers.has(name, build) is None]
    if unknown:
        yield RULE.states(
            f"whether the interpreter has {spell(unknown)} cannot be told from its files", symbols=unknown
        )
