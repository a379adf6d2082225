"""
A file uses an indirect function (``STT_GNU_IFUNC``), which musl does not support on any release.

A local one gives an IRELATIVE relocation, which the loader refuses (``unsupported relocation type``); an
exported one is invisible to it (``symbol not found``). An exported IFUNC that nobody refers to is harmless.
"""

from collections.abc import Iterator
from operator import attrgetter

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Phrase, Rule, spell, unseen_definitions
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL403",
    "ifunc",
    Severity.ERROR,
    "build without ifunc (no target_clones or __attribute__((ifunc))), and dispatch through a function pointer",
    phrase=Phrase("has", "have", "indirect functions, which no musl resolves"),
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for IRELATIVE relocations and one for references to indirect functions."""
    if context.arch is None:
        return
    local = [file.path for file in context.loaded if context.arch.irelative in file.relocation_types]
    if local:
        yield RULE.states("IRELATIVE relocations, which no musl supports", members=local, fails_on=context.known)
    if found := unseen_definitions(context, attrgetter("ifuncs")):
        yield RULE.states(
            f"{spell(found.symbols)}: an indirect function, which musl's loader does not see",
            uses=found,
            fails_on=context.known,
        )
