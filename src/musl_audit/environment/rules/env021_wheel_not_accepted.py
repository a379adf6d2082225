"""
The interpreter's installer does not take the wheel.

An installer compares the tags in the file name with those that the interpreter accepts: Python and ABI
(``cp312-cp312``), and the platform (``musllinux_1_2_x86_64``): the musl series up to its own, for its architecture.
Then it compares ``Requires-Python`` of the metadata with its version. The message says which stands in the way.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, Teller
from musl_audit.model import Severity, Statement

RULE = Rule(
    "ENV021",
    "wheel-not-accepted",
    Severity.ERROR,
    "take the wheel built for this Python, or build it there",
    told_by=Teller.WHEEL_ANSWER,
)


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each wheel that is not accepted."""
    for wheel in context.environment.wheels:
        if wheel.installs is False:
            yield RULE.states(f"pip will not install {wheel.filename}: {wheel.why_not}", members=[wheel.path])
