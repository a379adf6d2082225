"""
With ``--wheels``, no wheel could be made of a package that does not load.

A wheel is made of the files that ``RECORD`` lists, with the tags that ``WHEEL`` names: packages of a distribution,
editable installations and eggs have none of these. The exit code is 4.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule("ENV905", "wheel-not-made", Severity.ERROR, "install the package from a wheel")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each package."""
    for failure in context.environment.failures:
        if failure.code == RULE.code:
            yield RULE.states(failure.message, members=[failure.path])
