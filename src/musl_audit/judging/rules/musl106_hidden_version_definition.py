"""
The only definition of a symbol is a hidden version: ``foo@V1`` without a default ``foo@@V2``.

musl ignores symbol versions except for one bit: a definition whose version is hidden is invisible to every
reference, its own library's included. The loader answers ``foo: symbol not found``.
"""

from collections.abc import Iterator
from operator import attrgetter

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Phrase, Rule, spell, unseen_definitions
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL106",
    "hidden-version-definition",
    Severity.ERROR,
    "give the symbol a default version (foo@@V1) in the linker's version script",
    phrase=Phrase("needs", "need", "{symbols}, of which there is only a hidden version"),
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all symbols of which only a hidden version is defined."""
    if found := unseen_definitions(context, attrgetter("hidden_versions")):
        yield RULE.states(
            f"{spell(found.symbols)}: defined only as a hidden version, which musl's loader does not see",
            uses=found,
            fails_on=context.known,
        )
