"""
A file uses something of an allowed outside library that it cannot count on.

A wheel may rely on ``libz.so.1`` being there, as PEP 600's policies do, but not on symbols that are private
to it, nor on ones newer than the version that the oldest promised distribution ships (libz 1.2.11 in Alpine
3.13).

A symbol that the library keeps to itself, so that no measured build exports it, is an error: the loader finds
nobody.
"""

from collections.abc import Iterator
from operator import itemgetter

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, Uses, spell
from musl_audit.model import Allowed, Severity, Statement
from musl_audit.policy import AllowedLibrary

RULE = Rule(
    "MUSL206",
    "library-internals",
    Severity.WARNING,
    "use the library's public functions of the oldest promised version, or put a copy into the wheel",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each library and reason."""
    found: dict[tuple[str, str, bool], Uses] = {}
    for _, reference in context.references:
        if isinstance(reference.provider, Allowed):
            library = context.catalog.allowed_libraries[reference.provider.library]
            reason = why_not(library, reference.symbol.name)
            if reason and not reference.symbol.is_weak:
                is_exported = reference.symbol.name in library.exports
                uses = found.setdefault((library.soname, reason, is_exported), Uses())
                uses.add(reference.symbol.name, reference.path)
    for (soname, reason, is_exported), uses in sorted(found.items(), key=itemgetter(0)):
        yield RULE.states(
            f"{spell(uses.symbols)} of {soname}: {reason}",
            uses=uses,
            libraries=[soname],
            severity=None if is_exported else Severity.ERROR,
            fails_on=frozenset() if is_exported else context.known,
        )


def why_not(library: AllowedLibrary, name: str) -> str:
    """Return why a wheel cannot count on *name* of *library*, or an empty string."""
    if name in library.internals:
        return (
            "private to the library" if name in library.exports else "private to the library, which does not export it"
        )
    if name in library.since:
        return f"there since {library.since[name]} only; {library.baseline} is what every promised distribution has"
    return ""
