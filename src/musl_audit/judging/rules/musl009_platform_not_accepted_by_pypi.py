"""
PyPI does not accept wheels for this architecture.

Upload is refused for platform tags outside a list that PyPI keeps; the policies have a copy of its
architectures for musllinux. The wheel is as good as any other for an index of your own.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL009",
    "platform-not-accepted-by-pypi",
    Severity.NOTE,
    "publish the wheel on an index of your own",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each tag."""
    for claim in context.claims:
        if claim.arch is not None and claim.arch not in context.catalog.pypi_arches:
            yield RULE.states(f"{claim.tag}: PyPI does not accept musllinux wheels for {claim.arch}")
