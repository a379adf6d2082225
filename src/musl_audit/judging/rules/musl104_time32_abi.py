"""
A 32-bit wheel tagged musllinux_1_2 uses only the 32-bit ``time_t``.

musl 1.2 keeps the old names for binaries built before it, with the 32-bit ABI: such code cannot represent
times after 2038-01-19. Objects built on musl 1.1, and Rust's ``libc`` crate, import them.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL104",
    "time32-abi",
    Severity.WARNING,
    "build against musl 1.2 headers; for Rust, use a libc crate with 64-bit time_t for musl",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files that use the 32-bit ABI, where none uses the 64-bit one."""
    if not any(claim.floor is not None and claim.floor.series >= "1.2" for claim in context.claims):
        return
    old, new = context.time_users
    if old and not new:
        names = sorted(frozenset().union(*old.values()))
        yield RULE.states(
            f"32-bit time_t: {spell(names)} cannot represent times after 2038", members=old, symbols=names
        )
