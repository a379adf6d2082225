"""
A file begins like ELF, and cannot be read.

Its headers contradict each other or lead past its end. Where something would load it (its name says that it
is a library or a script, or another file needs it) the loader fails as well. Elsewhere it is probably test
data.

A file without any symbol hash table (``DT_HASH`` or ``DT_GNU_HASH``) can be read, but crashes musl's loader.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL901",
    "unreadable-elf",
    Severity.ERROR,
    "build or copy the file again; ignore it per file if it is test data",
    blocks_import=True,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each unreadable file, and one for those without hash tables."""
    for problem in context.facts.elf_problems:
        is_loaded = any(map(context.would_be_loaded, problem.members))
        yield RULE.states(
            f"not readable as ELF: {problem.detail}",
            members=problem.members,
            severity=Severity.ERROR if is_loaded else Severity.WARNING,
            fails_on=context.known if is_loaded else frozenset(),
        )
    without = [file.path for file in context.loaded if not file.has_hash_table]
    if without:
        yield RULE.states(
            "no symbol hash table, without which musl's loader crashes", members=without, fails_on=context.known
        )
