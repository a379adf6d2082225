"""
A 32-bit wheel uses both the 32-bit and the 64-bit ``time_t`` of musl.

Since 1.2.0, code compiled for i686 and 32-bit ARM imports names such as ``__clock_gettime64``; older objects,
and Rust's ``libc`` crate, import ``clock_gettime``, which keeps the 32-bit ABI. Both load. It is harmless
unless a ``time_t``, a ``struct timespec`` or a ``struct stat`` passes from one side to the other.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import ElfFacts, Severity, Statement
from musl_audit.policy import Catalog

RULE = Rule(
    "MUSL103",
    "mixed-time-abi",
    Severity.WARNING,
    "build all parts against musl 1.2 headers, or see that no time_t passes between the files",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding that names the files of both sides."""
    old, new = time_users(context)
    if old and new:
        yield RULE.states(
            f"32-bit time_t in {spell(sorted(old))}, 64-bit time_t in {spell(sorted(new))}",
            members=old | new,
            symbols=(name for names in (*old.values(), *new.values()) for name in names),
        )


def time_users(context: Context) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Return the files that use the 32-bit ``time_t`` and those that use the 64-bit one, with the names they import."""
    if context.arch is None or context.arch.bits != 32:
        return {}, {}
    legacy, modern = time32_names(context.catalog), frozenset(context.catalog.time64.values())
    old = {file.path: imported(file) & legacy for file in context.loaded}
    new = {file.path: imported(file) & modern for file in context.loaded}
    return {path: names for path, names in old.items() if names}, {path: names for path, names in new.items() if names}


def time32_names(catalog: Catalog) -> frozenset[str]:
    """Return the names with the 32-bit ABI; ``dlsym`` has a twin as well, but no time passes through it."""
    return frozenset(catalog.time64).union(catalog.time32_only) - {"dlsym"}


def imported(file: ElfFacts) -> frozenset[str]:
    """Return the undefined symbols of *file* that the loader looks up."""
    return frozenset(symbol.name for symbol in file.undefined if symbol.is_referenced)
