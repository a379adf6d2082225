"""
A file uses packed relative relocations (``DT_RELR``), which musl applies since 1.2.4.

An older musl ignores the tag without a word: the pointers of the file stay unrelocated, and the process
crashes inside ``dlopen`` or at the first use. Libraries grafted from Alpine 3.18 and later have them, because
that distribution links with ``-Wl,-z,pack-relative-relocs``.

``musl-audit repair`` unpacks them into ordinary relocations. When building the library yourself, link with
``-Wl,-z,nopack-relative-relocs``.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import BY_REPAIR, Phrase, Rule
from musl_audit.model import Fix, FixKind, Severity, Statement

RULE = Rule(
    "MUSL401",
    "packed-relocations",
    Severity.ERROR,
    "link with -Wl,-z,nopack-relative-relocs",
    Fix(FixKind.UNPACK_RELOCATIONS, automatic=True, command=BY_REPAIR),
    phrase=Phrase("uses", "use", "packed relocations"),
    crashes=True,
    is_outgrown=True,
)


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for all files with packed relocations."""
    packed = [file.path for file in context.loaded if file.packed_relocations]
    lacking = context.lacking("packed-relocations")
    if packed and lacking:
        yield RULE.states(
            "packed relocations (DT_RELR), which musl applies from 1.2.4 on: a silent crash before",
            members=packed,
            fails_on=lacking,
        )
