"""
A file needs a symbol that some promised musl release does not export.

musl has no symbol versions: a symbol is there or it is not. The loader refuses a file with a strong reference
that nobody satisfies (``Error relocating FILE: NAME: symbol not found``), so the import fails. Symbols come
(``qsort_r`` in 1.2.3, ``statx`` in 1.2.5), go, and some are missing for a while: on 32-bit, ``__xstat`` is
absent from 1.2.0 to 1.2.3. The LFS64 names that left the symbol table in 1.2.4 are still resolved, so they
are no finding. A weak reference may stay unresolved, and one that no relocation refers to is never looked up.

Build against the oldest musl that you promise, make the reference weak, or judge against the distributions
that are still supported with ``--floor supported``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.impact import spell_presence
from musl_audit.judging.rules.base import Phrase, Rule, Uses, spell
from musl_audit.model import FromLibc, Releases, Severity, Statement

RULE = Rule(
    "MUSL101",
    "symbol-missing-in-promised-release",
    Severity.ERROR,
    "build without it or refer to it weakly; --floor supported judges against supported distributions only",
    phrase=Phrase("needs", "need", "{symbols}, which this musl lacks"),
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all symbols that are missing on the same releases."""
    missing: dict[Releases, Uses] = {}
    for _, reference in context.references():
        if isinstance(reference.provider, FromLibc) and not reference.symbol.is_weak:
            missing.setdefault(reference.provider.releases, Uses()).add(reference.symbol.name, reference.path)
    for releases, uses in missing.items():
        yield RULE.states(
            f"{spell(uses.symbols)}: in musl {spell_presence(releases, context.releases)}",
            uses=uses,
            fails_on=context.known - releases,
        )
