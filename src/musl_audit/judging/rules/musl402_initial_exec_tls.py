"""
A file that is loaded with ``dlopen`` uses initial-exec TLS for a thread-local variable of such a file.

Initial-exec code reaches thread-local storage at a fixed offset, which exists only for the program and the
libraries that start with it. musl refuses such a file since 1.1.20 (``initial-exec TLS resolves to dynamic
definition``); older releases read the wrong memory. Python loads every extension, and all it needs, with
``dlopen``. In an executable and its needed libraries it is fine.

Compile with ``-ftls-model=global-dynamic``, or with ``-mtls-dialect=gnu2``; jemalloc has
``--disable-initial-exec-tls``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Phrase, Rule, spell
from musl_audit.loader.linkage import Load
from musl_audit.model import ElfFacts, Severity, Statement

RULE = Rule(
    "MUSL402",
    "initial-exec-tls",
    Severity.ERROR,
    "compile with -ftls-model=global-dynamic; configure jemalloc with --disable-initial-exec-tls",
    phrase=Phrase("has", "have", "initial-exec TLS, which nothing loaded later may have"),
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files."""
    found: dict[str, set[str]] = {}
    for load in context.loads:
        if load.is_program:
            continue
        for file in load.files:
            variables = set(_dynamic_variables(file, load))
            if variables:
                found.setdefault(file.path, set()).update(variables)
    if found:
        names = sorted(set().union(*found.values()) - {""})
        variables_text = f" ({spell(names)})" if names else ""
        yield RULE.states(
            f"initial-exec TLS{variables_text} in a file that is loaded with dlopen, which musl refuses",
            members=found,
            symbols=names,
            fails_on=context.known,
        )


def _dynamic_variables(file: ElfFacts, load: Load) -> Iterator[str]:
    """Yield the variables, ``""`` for the file's own local ones, that a dlopened file of *load* defines."""
    for name in file.initial_exec:
        if not name or any(name in other.defined for other in load.files):
            yield name
