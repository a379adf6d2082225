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
from musl_audit.wheel.installed_tree import place_of

RULE = Rule(
    "MUSL901",
    "unreadable-elf",
    Severity.ERROR,
    "build or copy the file again; ignore it per file if it is test data",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each unreadable file, and one for those without hash tables."""
    needed = {soname for file in context.loaded for soname in file.needed}
    for problem in context.facts.elf_problems:
        is_loaded = any(would_be_loaded(member, needed) for member in problem.members)
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


def would_be_loaded(member: str, needed: set[str]) -> bool:
    """
    Whether Python, the loader or a person would load or start *member*.

    >>> would_be_loaded("foo/bar.abi3.so", set()), would_be_loaded("foo/tests/data/broken.bin", set())
    (True, False)
    """
    base = member.rpartition("/")[2]
    return place_of(member)[0] == "scripts" or base in needed or base.endswith(".so") or ".so." in base
