"""
The only definition of a symbol is a hidden version: ``foo@V1`` without a default ``foo@@V2``.

musl ignores symbol versions except for one bit: a definition whose version is hidden is invisible to every
reference, its own library's included. The loader answers ``foo: symbol not found``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.judging.rules.musl102_symbol_in_no_musl import is_missing_everywhere
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL106",
    "hidden-version-definition",
    Severity.ERROR,
    "give the symbol a default version (foo@@V1) in the linker's version script",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all symbols of which only a hidden version is defined."""
    found: set[tuple[str, str]] = set()
    for load, reference in context.references():
        name = reference.symbol.name
        if is_missing_everywhere(reference):
            definers = {file.path for file in load.files if name in file.hidden_versions}
            found.update((name, path) for path in (definers | {reference.path} if definers else ()))
    if found:
        names = sorted({name for name, _ in found})
        yield RULE.states(
            f"{spell(names)}: defined only as a hidden version, which musl's loader does not see",
            members=(path for _, path in found),
            symbols=names,
            fails_on=context.known,
        )
