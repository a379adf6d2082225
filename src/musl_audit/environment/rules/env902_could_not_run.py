"""
``--run`` was given, and the interpreter or its loader could not be executed, or gave no answer.

It is for another architecture, its loader is missing, it may not be executed, it crashed, or it took longer than 30
seconds. What its files say is reported all the same. The exit code is 4.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule("ENV902", "could-not-run", Severity.ERROR, "leave --run away, or run musl-audit where the interpreter runs")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for what could not be executed."""
    interpreter = context.environment.interpreter
    if interpreter is not None and interpreter.run is not None and interpreter.run.problem:
        yield RULE.states(interpreter.run.problem, members=[interpreter.executable])
