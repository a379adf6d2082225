"""
The loader that the interpreter names is not on the system: the interpreter cannot start.

The kernel reads the path of the dynamic loader from the program and starts that first. Where it is missing, the
shell says ``not found`` about a program that is there: a Python for glibc that was copied onto Alpine, or a Python
for musl on a system without musl.

Install the libc that the interpreter was built for (``apt install musl`` on Debian), or take an interpreter built for
this system.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV002",
    "missing-loader",
    Severity.WARNING,
    "install the libc that it was built for, or take an interpreter built for this system",
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for a loader that does not exist."""
    interpreter = context.environment.interpreter
    if interpreter is None or interpreter.loader is None or interpreter.loader.exists:
        return
    yield RULE.states(
        f"the interpreter names the loader {interpreter.loader.path}, which does not exist: it cannot start",
        members=[interpreter.executable],
        libraries=[interpreter.loader.path],
    )
