"""
A file needs a symbol that no musl release exports, and that nothing in its load scope defines.

The loader refuses the file on every musl. Often the symbol is glibc's: fortified functions (``__memcpy_chk``)
come from ``-D_FORTIFY_SOURCE`` with glibc's headers, ``backtrace`` needs libexecinfo, ``fts_open`` musl-fts,
``argp_parse`` argp-standalone. A symbol that a library outside the wheel may supply is not reported here: see
``external-library``.

``musl-audit repair`` adds a function of its own for ``__cxa_thread_atexit_impl``, by which compilers destroy what is
``thread_local`` in C++ and Rust, and for no other of these names.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.polyfills import BY_POLYFILL, why_not_added, with_reason
from musl_audit.judging.rules.base import Phrase, Rule, Uses, spell
from musl_audit.loader.linkage import Load
from musl_audit.model import Severity, Statement

RULE = Rule(
    "MUSL102",
    "symbol-in-no-musl",
    Severity.ERROR,
    "link the library that defines it, or build without it",
    phrase=Phrase("needs", "need", "{symbols}, which is in no musl"),
    here="it needs {symbols}, which nothing here provides",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all symbols that share the same advice."""
    missing: dict[tuple[bool, str, str | None], Uses] = {}
    for load, reference in context.unsatisfied:
        if not _is_defined_invisibly(load, reference.symbol.name):
            name = reference.symbol.name
            why_not = why_not_added(reference, load, context)
            advice = context.catalog.glibc_name(name), context.catalog.hint_for(name), why_not
            missing.setdefault(advice, Uses()).add(name, reference.path)
    for (is_glibc, hint, why_not), uses in missing.items():
        origin = "in glibc, but in no musl" if is_glibc else "in no musl, and nothing in the wheel defines it"
        yield RULE.states(
            f"{spell(uses.symbols)}: {origin}",
            uses=uses,
            fails_on=context.known,
            hint=with_reason(hint or RULE.hint, why_not),
            fix=BY_POLYFILL if why_not is None else None,
        )


def _is_defined_invisibly(load: Load, name: str) -> bool:
    """Whether a file of the load has *name* in a form that the loader does not see, which other rules report."""
    return any(name in file.hidden_versions or name in file.ifuncs for file in load.files)
