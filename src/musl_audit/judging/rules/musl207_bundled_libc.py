"""
The wheel brings a copy of a C library.

From 1.1.17 on musl never maps a file that exports both ``__libc_start_main`` and ``stdin``: whatever its name, it takes
it for the libc that is there already. So the copy's symbols never count, and a wheel that has musl 1.2.5 in it works on
musl 1.2.2 no better than without. Tools that graft every library they find have put it there. No other rule speaks
of the file; before 1.1.17 it is a second libc in the process.

``musl-audit repair`` drops the file, and lets what needed it need libc.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Rule
from musl_audit.model import Fix, FixKind, Severity, Statement

RULE = Rule(
    "MUSL207",
    "bundled-libc",
    Severity.WARNING,
    "leave libc out of the wheel: musl's loader is the only one to bring it",
    Fix(FixKind.DROP_BUNDLED_LIBC, automatic=True, command=BY_REPAIR),
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all copies."""
    if context.bundled_libcs:
        yield RULE.states(
            "a copy of libc, which musl from 1.1.17 on never maps: it takes it for itself",
            members=(elf.path for elf in context.bundled_libcs),
        )
