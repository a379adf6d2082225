"""
A file needs a symbol that no musl release exports, and that nothing in its load scope defines.

The loader refuses the file on every musl. Often the symbol is glibc's: fortified functions (``__memcpy_chk``)
come from ``-D_FORTIFY_SOURCE`` with glibc's headers, ``backtrace`` needs libexecinfo, ``fts_open`` musl-fts,
``argp_parse`` argp-standalone. A symbol that a library outside the wheel may supply is not reported here: see
``external-library``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.loader.linkage import Load, Reference
from musl_audit.model import Nobody, Severity, Statement

RULE = Rule(
    "MUSL102",
    "symbol-in-no-musl",
    Severity.ERROR,
    "link the library that defines it, or build without it",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all symbols that share the same advice."""
    missing: dict[tuple[bool, str], set[tuple[str, str]]] = {}
    for load, reference in context.references():
        if is_missing_everywhere(reference) and not _is_defined_invisibly(load, reference.symbol.name):
            name = reference.symbol.name
            advice = context.catalog.glibc_name(name), context.catalog.hint_for(name)
            missing.setdefault(advice, set()).add((name, reference.path))
    for (is_glibc, hint), found in missing.items():
        names = sorted({name for name, _ in found})
        origin = "in glibc, but in no musl" if is_glibc else "in no musl, and nothing in the wheel defines it"
        yield RULE.states(
            f"{spell(names)}: {origin}",
            members=(path for _, path in found),
            symbols=names,
            fails_on=context.known,
            hint=hint or None,
        )


def is_missing_everywhere(reference: Reference) -> bool:
    """Whether the loader refuses the file of *reference* on every release."""
    return isinstance(reference.provider, Nobody) and not reference.symbol.is_weak


def _is_defined_invisibly(load: Load, name: str) -> bool:
    """Whether a file of the load has *name* in a form that the loader does not see, which other rules report."""
    return any(name in file.hidden_versions or name in file.ifuncs for file in load.files)
