"""
musl's loader would touch what is not mapped in a file, or not with the permission that it needs.

The loader checks nothing for sense: where a table, the target of a relocation or a constructor lies outside of what
the segments map, it crashes; what it cannot map at all it refuses. Files look like this after a ``strip`` or patchelf
that went wrong, or where they were cut or copied badly: tables that are gone, segments that overlap or whose offset and
address no longer belong together, relocations into read-only memory without ``DT_TEXTREL``.

A table that cannot be read at all is an unreadable file (MUSL901), and so is one that is cut off.

What is called when the process ends (``DT_FINI``, ``DT_FINI_ARRAY``) is a warning: the file loads and works until then.
"""

from collections.abc import Iterator

from musl_audit.judging.context import Context
from musl_audit.judging.rules.base import Rule
from musl_audit.model import FaultKind, Severity, Statement

RULE = Rule(
    "MUSL409",
    "unsound-image",
    Severity.ERROR,
    "build the file again, without the strip or patchelf that damaged it",
)
_SAID = {
    FaultKind.NO_DYNAMIC_SECTION: "no dynamic section: the loader refuses it",
    FaultKind.HASH_TABLE: "a symbol hash table that leads to where nothing is mapped",
    FaultKind.ODD_TABLE_SIZE: "a relocation table that ends within an entry: the loader runs on behind it",
    FaultKind.RELOCATION_TARGET: "a relocation of memory that is not mapped for writing, without DT_TEXTREL",
    FaultKind.RELRO: "read-only-after-relocation memory (PT_GNU_RELRO) outside of the segments",
    FaultKind.CODE: "an initialiser (DT_INIT, DT_INIT_ARRAY) outside of executable memory",
    FaultKind.THREAD_LOCAL_IMAGE: "a thread-local image (PT_TLS) that is not mapped, or larger than its memory",
    FaultKind.MISPLACED_SEGMENT: "a segment whose file offset and address do not belong to one place in a page",
    FaultKind.OVERLAPPING_SEGMENTS: "segments that overlap: one covers what another put there",
    FaultKind.EXIT_CODE: "a finaliser (DT_FINI, DT_FINI_ARRAY) outside of executable memory: a crash at exit",
}


def check(context: Context) -> Iterator[Statement]:
    """Yield one finding for each kind of fault."""
    found: dict[FaultKind, list[tuple[str, int]]] = {}
    for file in (*context.loaded, *context.without_dynamic_section):
        for fault in file.faults:
            if file.has_hash_table or fault.kind is not FaultKind.HASH_TABLE:  # without any, MUSL901 says so
                found.setdefault(fault.kind, []).append((file.path, fault.address))
    for kind, places in found.items():
        at_exit = kind is FaultKind.EXIT_CODE
        address = places[0][1] if len(places) == 1 else 0
        yield RULE.states(
            _SAID[kind] + (f" (address {address:#x})" if address else ""),
            members=(path for path, _ in places),
            severity=Severity.WARNING if at_exit else Severity.ERROR,
            fails_on=frozenset() if at_exit else context.known,
        )
