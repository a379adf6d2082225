"""
A file that is loaded with ``dlopen`` uses initial-exec TLS for a thread-local variable of such a file.

Initial-exec code reaches thread-local storage at a fixed offset, which exists only for the program and the
libraries that start with it. musl refuses such a file since 1.1.20 (``initial-exec TLS resolves to dynamic
definition``), and 1.1.22 to 1.1.24 crash while they say so ("Segmentation fault" is what people report); older releases
read the wrong memory. Python loads every extension, and all it needs, with
``dlopen``. In an executable and its needed libraries it is fine. mimalloc and jemalloc are the usual cause.

The better cure is at the source: compile with ``-ftls-model=global-dynamic`` or with ``-mtls-dialect=gnu2``; mimalloc
has ``-DMI_LOCAL_DYNAMIC_TLS=ON`` (the crate: the feature ``local_dynamic_tls``), jemalloc
``--disable-initial-exec-tls``.

On x86_64 and aarch64 ``musl-audit repair`` mends what is built already: it lets each access compute the offset for
the thread that runs. That costs about 0.3 ns an access, is right from musl 1.1.22 on (on an older one, a file so
mended has this finding, too), and works with musl alone: a wheel that is also tagged for manylinux is left as it is.
Where not every access can be proven to be known, the wheel is refused; ``--no-fix-tls`` keeps repair from it.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, MANUAL, Phrase, Rule, spell
from musl_audit.loader.linkage import Load
from musl_audit.model import ElfFacts, Fix, FixKind, Severity, Statement

REPAIRED_ARCHITECTURES = ("x86_64", "aarch64")
BY_REWRITING = Fix(FixKind.REWRITE_THREAD_LOCALS, automatic=True, command=BY_REPAIR)

RULE = Rule(
    "MUSL402",
    "initial-exec-tls",
    Severity.ERROR,
    "compile with -ftls-model=global-dynamic; build mimalloc with -DMI_LOCAL_DYNAMIC_TLS=ON (the crate's feature "
    "local_dynamic_tls), jemalloc with --disable-initial-exec-tls",
    BY_REWRITING,
    phrase=Phrase("has", "have", "initial-exec TLS, which nothing loaded later may have"),
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files with such accesses, and one for all in which a repair rewrote them."""
    loads = [load for load in context.loads if not load.is_program]
    found: dict[str, set[str]] = {}
    for load in loads:
        for file in load.files:
            variables = set(_dynamic_variables(file, load))
            if variables:
                found.setdefault(file.path, set()).update(variables)
    if found:
        names = sorted(set().union(*found.values()) - {""})
        variables_text = f" ({spell(names)})" if names else ""
        is_mended = context.arch is not None and context.arch.name in REPAIRED_ARCHITECTURES
        yield RULE.states(
            f"initial-exec TLS{variables_text} in a file that is loaded with dlopen: "
            "musl refuses it, or crashes while saying so",
            members=found,
            symbols=names,
            fails_on=context.known,
            fix=BY_REWRITING if is_mended else MANUAL,
        )
    rewritten = {file.path for load in loads for file in load.files if file.is_tls_rewritten}
    if rewritten and (lacking := context.lacking("eager-tls")):
        yield RULE.states(
            "thread-local accesses that a repair rewrote: right from musl 1.1.22 on, wrong memory before",
            members=rewritten,
            fails_on=lacking,
            fix=MANUAL,
        )


def _dynamic_variables(file: ElfFacts, load: Load) -> Iterator[str]:
    """Yield the variables, ``""`` for the file's own local ones, that a dlopened file of *load* defines."""
    for name in file.initial_exec:
        if not name or any(other.select_defined(frozenset({name})) for other in load.files):
            yield name
