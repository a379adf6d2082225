"""
Whether the installer takes the wheel, or whether it loads, cannot be told.

The interpreter is not CPython, runs on glibc (of which musl-audit knows nothing but how to tell it from musl), or on a
musl that the policies do not know; or the wheel has binaries whose libraries cannot be found from the wheel alone. The
message says which.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, Teller
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV023",
    "wheel-not-judged",
    Severity.WARNING,
    "install it there and import it",
    told_by=Teller.WHEEL_ANSWER,
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each wheel about which something is not known."""
    for wheel in context.environment.wheels:
        if wheel.installs is None or (wheel.installs and wheel.loads is None):
            yield RULE.states(f"{wheel.filename}: {wheel.sentence}", members=[wheel.path])
