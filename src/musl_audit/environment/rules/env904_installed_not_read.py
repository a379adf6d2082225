"""
A part of what is installed could not be read: the answer about it is incomplete.

A file or a folder may not be read by this user, a ``RECORD`` is too large or is none, a ``*.dist-info`` is no folder,
or something changed while it was read. All else was judged. The exit code is 4.
"""

from collections.abc import Iterator

from musl_audit.environment.context import EnvironmentContext
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule("ENV904", "installed-not-read", Severity.ERROR, "run it as a user who may read the files")


def check(context: EnvironmentContext) -> Iterator[Statement]:
    """Yield one finding for each package, and one for each folder."""
    for installation in context.environment.installations:
        for reason in installation.unread:
            yield RULE.states(reason)
        for answer in installation.answers:
            if answer.unread:
                yield RULE.states(
                    f"{answer.project.spelled}: {spell(answer.unread, 2)}", members=[answer.project.metadata]
                )
