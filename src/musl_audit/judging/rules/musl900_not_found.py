"""
What the command line names is not there.

There is no such file, nothing matches the pattern, or it is no path at all: a URL, a requirement such as
``numpy==2.1.0``, standard input. musl-audit reads wheels from disk; ``pip download --no-deps`` gets one there, for a
musl platform with ``--platform musllinux_1_2_x86_64 --only-binary=:all:``. It is no finding about a wheel: ``check``
exits with 4, for it could not do what it was asked.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL900",
    "not-found",
    Severity.ERROR,
    "look for a typo; `pip download --no-deps` gets a wheel from an index",
)


def check(_context: Context) -> Iterator[Statement]:
    """Yield nothing: there is no wheel."""
    yield from ()
