"""
A name that was asked for with ``--require`` is missing from the interpreter.

``musl-audit env --require AF_NETLINK`` fails where the interpreter was built without what ``socket.AF_NETLINK`` needs.
Names are those that depend on kernel headers (see ENV011): socket families and other constants, functions such as
``os.getrandom``, modules such as ``ossaudiodev``.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule("ENV012", "required-name-missing", Severity.ERROR, "use a Python built with kernel headers (see ENV011)")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each name that was required and is not there."""
    if context.build is None:
        return
    for name in context.environment.required:
        if context.kernel_headers.has(name, context.build) is False:
            macros = [row.macro for row in context.missing_macros if name in row.costs]
            why = f": {spell(macros)} was undefined when it was built" if macros else ""
            yield RULE.states(f"the interpreter has no {name}{why}", symbols=[name, *macros])
