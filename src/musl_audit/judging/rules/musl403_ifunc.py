"""
A file uses an indirect function (``STT_GNU_IFUNC``), which musl does not support on any release.

A local one gives an IRELATIVE relocation, which the loader refuses (``unsupported relocation type``); an
exported one is invisible to it (``symbol not found``). An exported IFUNC that nobody refers to is harmless.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.judging.rules.musl102_symbol_in_no_musl import is_missing_everywhere
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL403",
    "ifunc",
    Severity.ERROR,
    "build without ifunc (no target_clones or __attribute__((ifunc))), and dispatch through a function pointer",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for IRELATIVE relocations and one for references to indirect functions."""
    if context.arch is None:
        return
    local = [file.path for file in context.loaded if context.arch.irelative in file.relocation_types]
    if local:
        yield RULE.states("IRELATIVE relocations, which no musl supports", members=local, fails_on=context.known)
    found: set[tuple[str, str]] = set()
    for load, reference in context.references():
        name = reference.symbol.name
        if is_missing_everywhere(reference):
            definers = {file.path for file in load.files if name in file.ifuncs}
            found.update((name, path) for path in (definers | {reference.path} if definers else ()))
    if found:
        names = sorted({name for name, _ in found})
        yield RULE.states(
            f"{spell(names)}: an indirect function, which musl's loader does not see",
            members=(path for _, path in found),
            symbols=names,
            fails_on=context.known,
        )
