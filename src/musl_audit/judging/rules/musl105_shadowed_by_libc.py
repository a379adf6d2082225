"""
A bundled library defines a symbol that musl's libc exports too, and uses or offers it.

libc is loaded first and symbol versions are ignored, so libc's definition wins: the library's own never runs,
for itself as for others. Usually both do the same. For ``crypt``, ``malloc`` and its family, ``dlopen`` and
``pthread_*`` they rarely do, so these are a warning; but not of a library that exports nothing which every musl has,
for it is there to stand in where libc has none. Executables are left out: their symbols come before
libc's.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, Uses, spell
from musl_audit.loader.linkage import Load
from musl_audit.model import ElfFacts, ElfKind, Severity, Statement

RULE = Rule(
    "MUSL105",
    "shadowed-by-libc",
    Severity.NOTE,
    "hide or rename the symbol in the library (-Bsymbolic has no effect on musl); nothing if it is for older musl",
    tells_releases=False,
)
_DANGEROUS = frozenset(
    "aligned_alloc calloc dlclose dlopen dlsym free malloc malloc_usable_size memalign "
    "posix_memalign realloc valloc".split()
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for the symbols that matter, and one for the others."""
    shadowed: dict[Severity, Uses] = {}
    exported: dict[str, frozenset[str]] = {}
    for load in context.loads:
        if load.is_program:
            continue
        for file in load.files:
            if file.kind is ElfKind.LIBRARY:
                if file.path not in exported:
                    exported[file.path] = _exported_by_libc_too(file, context)
                for name in _shadowed(exported[file.path], file, load, context):
                    severity = _severity(name, file, context)
                    shadowed.setdefault(severity, Uses()).add(name, file.path)
    for severity, uses in shadowed.items():
        yield RULE.states(
            f"{spell(uses.symbols)}: libc's definition wins over the library's own",
            uses=uses,
            severity=severity,
        )


def _severity(name: str, file: ElfFacts, context: Context) -> Severity:
    return Severity.WARNING if is_dangerous(name) and not _stands_in(file, context) else Severity.NOTE


def _stands_in(file: ElfFacts, context: Context) -> bool:
    """Whether all that *file* exports is missing in some musl: it is there for that one, and gives way elsewhere."""
    return context.arch is not None and not file.defined & context.catalog.symbols(context.arch.name).names_on_all(
        context.known
    )


def _exported_by_libc_too(file: ElfFacts, context: Context) -> frozenset[str]:
    if context.arch is None:
        return frozenset()
    return (file.defined & context.catalog.symbols(context.arch.name).names) - file.copied


def _shadowed(names: frozenset[str], file: ElfFacts, load: Load, context: Context) -> Iterator[str]:
    """Yield those of *names*, which *file* defines and libc exports, that some file of the load refers to."""
    if context.arch is None:
        return
    table = context.catalog.symbols(context.arch.name)
    for name in names:
        is_used = name in file.referenced_definitions or any(name in context.imported(other) for other in load.files)
        if is_used and table.releases_with(name) & (context.promised or context.known):
            yield name


def is_dangerous(name: str) -> bool:
    """
    Whether two definitions of *name* rarely do the same.

    >>> is_dangerous("pthread_create"), is_dangerous("strlcpy")
    (True, False)
    """
    return name in _DANGEROUS or name.startswith(("crypt", "pthread_"))
