"""
A platform tag names a series of musl that never existed.

``musllinux_X_Y_ARCH`` promises that the wheel works with musl X.Y and later ones of the same major version
(PEP 656). ``musllinux_9000_0_x86_64`` is a well-formed tag that no installer on any system accepts, because
none has musl 9000.0.

Tag the wheel with the series of the oldest musl that it is meant for.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement
from musl_audit.wheel.names import musllinux_series, tag_family

RULE = Rule(
    "MUSL005",
    "unknown-musl-series",
    Severity.ERROR,
    "tag the wheel for a musl that exists: `python -m wheel tags --platform-tag musllinux_1_2_ARCH`",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each such tag."""
    name, known = context.facts.name, context.catalog.known_series
    for tag in dict.fromkeys(name.platform_tags if name else ()):
        if tag_family(tag) != "musllinux":
            continue
        parsed = musllinux_series(tag)
        if parsed is None:
            yield RULE.states(f"{tag} is no musllinux tag: these are musllinux_X_Y_ARCH")
        elif parsed[0] not in known:
            yield RULE.states(f"{tag} promises musl {parsed[0]}, and there never was a musl {parsed[0]}")
