"""
A file has a relocation of a type that some musl release does not apply.

The loader refuses it (``unsupported relocation type``; 1.1.0 to 1.1.2 skip it in silence). TLS descriptors
are the usual case: riscv64 has them since 1.2.5, loongarch64 since 1.2.6, 32-bit ARM since 1.1.21.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.impact import spell_presence
from musl_audit.judging.rules.base import Phrase, Rule
from musl_audit.model import Releases, Severity, Statement

RULE = Rule(
    "MUSL406",
    "unsupported-relocation",
    Severity.ERROR,
    "for TLS descriptors compile with -mtls-dialect=trad; else link with the architecture's usual options",
    phrase=Phrase("has", "have", "relocations that this musl does not apply"),
    is_outgrown=True,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each relocation type."""
    if context.arch is None:
        return
    supported = context.catalog.relocations(context.arch.name)
    users: dict[int, list[str]] = {}
    for file in context.loaded:
        for number in file.relocation_types - {context.arch.irelative}:
            if number not in supported or context.known - supported[number].releases:
                users.setdefault(number, []).append(file.path)
    for number, paths in sorted(users.items()):
        releases: Releases = supported[number].releases if number in supported else frozenset()
        name = supported[number].name if number in supported else f"type {number}"
        when = f"in musl {spell_presence(releases, context.releases)}" if releases else "in no musl"
        yield RULE.states(f"relocation {name}: {when}", members=paths, fails_on=context.known - releases)
