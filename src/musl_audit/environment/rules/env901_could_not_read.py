"""
The interpreter, or a wheel, could not be read: the question has no answer.

There is no such file, a symbolic link leads nowhere or in a circle, the file is no ELF program (a script that starts an
interpreter, a text, a shared library), or the wheel is no archive. The exit code is 4.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule("ENV901", "could-not-read", Severity.ERROR, "name the interpreter itself, such as /usr/bin/python3.12")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each thing that could not be read."""
    hint = None if context.environment.interpreter is None else ""  # then it is a wheel that could not be read
    for failure in context.environment.failures:
        if failure.code == RULE.code:
            yield RULE.states(failure.message, members=[failure.path], hint=hint)
