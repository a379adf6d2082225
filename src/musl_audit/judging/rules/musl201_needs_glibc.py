"""
A file was built for glibc.

Its interpreter or a needed library is glibc's loader (``ld-linux-x86-64.so.2``): musl cannot start or load
it. Or it needs ``libc.so.6``: musl takes every name that begins with ``libc.``, ``libm.``, ``libpthread.``
and so on for itself, so such a file loads by accident as long as musl has all its symbols, and then runs with
another ABI than it was compiled for. A strong reference to a symbol that only glibc has, with a ``GLIBC_``
version, shows the same.

A ``GLIBC_`` version need alone is no finding: musl ignores versions, and good wheels carry a libgcc_s that
has one.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Phrase, Rule, Uses, spell
from musl_audit.loader.libc_names import GLIBC_PARTS, is_glibc_loader
from musl_audit.model import ElfFacts, Severity, Statement

RULE = Rule(
    "MUSL201",
    "needs-glibc",
    Severity.ERROR,
    "build it in a musllinux image, against musl",
    phrase=Phrase("was", "were", "built for glibc"),
    is_told_by_tags=True,
    here="{message}",
)


def check(context: Context) -> Iterator[Statement]:
    """Yield a finding for what cannot load at all, and one for what loads by accident."""
    loaders: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for file in context.loaded:
        for name in _glibc_loaders(file):
            loaders.setdefault(name, set()).add(file.path)
        for name in GLIBC_PARTS.intersection(file.needed):
            parts.setdefault(name, set()).add(file.path)
    if loaders:
        yield RULE.states(
            f"built for glibc: needs its loader {spell(sorted(loaders))}",
            members=set().union(*loaders.values()),
            libraries=loaders,
            fails_on=context.known,
        )
    if parts:
        yield RULE.states(
            f"built for glibc, loads by accident: musl takes {spell(sorted(parts))} for itself",
            members=set().union(*parts.values()),
            libraries=parts,
        )
    yield from _symbols(context, {path for paths in (*loaders.values(), *parts.values()) for path in paths})


def _symbols(context: Context, reported: set[str]) -> Iterator[Statement]:
    """Yield a finding for files that show it only by symbols of glibc and versions of them."""
    versioned = {
        file.path for file in context.loaded if any(need.version.startswith("GLIBC_") for need in file.version_needs)
    }
    found = Uses(
        (reference.symbol.name, reference.path)
        for _, reference in context.unsatisfied
        if reference.path in versioned - reported and context.catalog.glibc_name(reference.symbol.name)
    )
    if found:
        yield RULE.states(
            f"built for glibc: needs {spell(found.symbols)} in a GLIBC_ version",
            uses=found,
            fails_on=context.known,
        )


def _glibc_loaders(file: ElfFacts) -> Iterator[str]:
    for name in (*file.needed, file.interpreter or ""):
        base = name.rpartition("/")[2]
        if is_glibc_loader(base):
            yield base
