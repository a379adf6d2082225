"""
One wheel is tagged for glibc and for musl, and its binaries are dynamic.

A dynamic binary is linked against one C library. Where it loads with the other as well, it does so by
accident: musl's loader takes ``libc.so.6`` for itself, and fails only once a symbol is missing. Build the
wheel once for each.

Static executables need no C library, so they may carry both tags (uv and ruff do), and so may a library that
asks for nothing but what Python provides.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule, spell
from musl_audit.model import ElfFacts, Severity, Statement
from musl_audit.wheel.names import tag_family

RULE = Rule(
    "MUSL008",
    "one-binary-two-libcs",
    Severity.ERROR,
    "build one wheel in a manylinux image and another in a musllinux image",
    tells_releases=False,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all dynamic binaries of a wheel with tags of both families."""
    tags = context.facts.name.platform_tags if context.facts.name else ()
    glibc = [tag for tag in tags if tag_family(tag) == "manylinux"]
    musl = [tag for tag in tags if tag_family(tag) == "musllinux"]
    if not glibc or not musl:
        return
    dynamic = [elf.path for elf in context.facts.elves if elf.is_dynamic and _needs_libc(elf, context)]
    if dynamic:
        yield RULE.states(f"tagged {spell([*glibc, *musl])}, with dynamic binaries: {spell(dynamic)}", members=dynamic)


def _needs_libc(elf: ElfFacts, context: Context) -> bool:
    """Whether *elf* asks for anything but what Python itself provides."""
    if elf.interpreter or elf.needed:
        return True
    return any(
        not symbol.is_weak and not context.catalog.provided_by_interpreter(symbol.name) for symbol in elf.undefined
    )
