"""
A file refers weakly to a thread-local variable that nothing defines.

Any other unresolved weak reference is 0. To relocate one to thread-local storage, musl's loader asks which file
defines it, follows a null pointer and crashes, on every release.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Phrase, Rule, Uses, spell
from musl_audit.model import Nobody, Severity, Statement

RULE = Rule(
    "MUSL408",
    "weak-undefined-tls",
    Severity.ERROR,
    "define the variable, or drop the weak reference to it",
    phrase=Phrase("has", "have", "a weak undefined thread-local variable"),
    crashes=True,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all variables."""
    thread_local = {elf.path: elf.thread_local for elf in context.facts.elves}
    found = Uses(
        (reference.symbol.name, reference.path)
        for _, reference in context.references
        if isinstance(reference.provider, Nobody)
        and reference.symbol.is_weak
        and reference.symbol.name in thread_local[reference.path]
    )
    if found:
        yield RULE.states(
            f"{spell(found.symbols)}: a weak reference to a thread-local variable "
            "that nothing defines crashes musl's loader",
            uses=found,
            fails_on=context.known,
        )
