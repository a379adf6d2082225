"""The proof that a rewritten file is the old one, but for what rewriting means."""

from collections.abc import Iterator, Mapping, Sequence

from musl_audit.elf import read_elf
from musl_audit.elf.headers import Region
from musl_audit.elf.image import Image, read_image
from musl_audit.elf.view import PT_DYNAMIC
from musl_audit.errors import AccessError
from musl_audit.repair.relr.tables import RELA, read_tables, relocation_type
from musl_audit.repair.relr.verify import masked, moved_sections
from musl_audit.repair.tls.machine import Access, Slot, TlsMachine
from musl_audit.repair.tls.soundness import read_accesses


def verify(
    before: bytes, after: bytes, machine: TlsMachine, slots: Mapping[int, Slot], accesses: Sequence[Access]
) -> None:
    """
    Raise ``AccessError`` unless *after* is *before* with *accesses* to *slots* rewritten.

    That is: the same relocations but those of the slots, the same bytes in memory but for the accesses; and each slot
    is read where its accesses were rewritten, in their order, and nowhere else.
    """
    old, new = read_image(before), read_image(after)
    if not read_elf(after, "").is_tls_rewritten:
        raise AccessError("check of the result: the mark is not found")
    _require_same_relocations(old, new, machine, slots)
    _require_same_memory(old, new, slots, accesses)
    found = read_accesses(new, machine, slots)
    if [access.slot for access in found] != [access.slot for access in accesses]:
        raise AccessError("check of the result: other slots are read than before")
    replaced = {access.address for access in accesses}
    if any(access.address in replaced for access in found):
        raise AccessError("check of the result: an access is as it was")


def _require_same_relocations(old: Image, new: Image, machine: TlsMachine, slots: Mapping[int, Slot]) -> None:
    before, after = read_tables(old), read_tables(new)
    expected = [
        entry._replace(info=machine.dtpmod, addend=0) if entry.address in slots else entry for entry in before.plain
    ]
    if expected != list(after.plain) or (before.rest, before.packed) != (after.rest, after.packed):
        raise AccessError("check of the result: the relocations are not the same")
    if any(relocation_type(entry.info, new.format) == machine.tpoff for entry in after.plain):
        raise AccessError("check of the result: a distance from the thread pointer is left")


def _require_same_memory(old: Image, new: Image, slots: Mapping[int, Slot], accesses: Sequence[Access]) -> None:
    moved = list(moved_sections(old, new))
    entries = [(slot.entry, RELA.entry(old.format).size) for slot in slots.values()]
    for _, start, size, moved_to in moved:
        if _without(old.content, start, size, entries) != _without(new.content, moved_to, size, entries, start):
            raise AccessError("check of the result: a section changed while it moved")
    rewritten = [*_rewritten(old, new, slots, accesses), *(Region(address, size) for address, _, size, _ in moved)]
    for load in old.loads:
        twin = new.load_of(load.address, load.memory_size)
        if twin is None or twin.address != load.address or twin.flags != load.flags:
            raise AccessError("check of the result: a segment is not where it was")
        if masked(old, load, load.file_size, rewritten) != masked(new, twin, load.file_size, rewritten):
            raise AccessError("check of the result: the bytes in memory are not the same")


def _without(
    content: bytes, start: int, size: int, entries: Sequence[tuple[int, int]], origin: int | None = None
) -> bytes:
    """Return *size* bytes from *start*, those of *entries* zeroed, whose offsets are as if it began at *origin*."""
    begin = start if origin is None else origin
    part = bytearray(content[start : start + size])
    for offset, length in entries:
        first, last = max(offset - begin, 0), min(offset + length - begin, size)
        if first < last:
            part[first:last] = bytes(last - first)
    return bytes(part)


def _rewritten(old: Image, new: Image, slots: Mapping[int, Slot], accesses: Sequence[Access]) -> Iterator[Region]:
    """Yield what differs rightly: accesses, the relocations of slots, the dynamic section, the headers."""
    size = RELA.entry(old.format).size
    for load in old.loads:
        yield from (
            Region(load.address + slot.entry - load.offset, size)
            for slot in slots.values()
            if load.offset <= slot.entry < load.file_end
        )
    yield from (access.region for access in accesses)
    yield from (Region(one.address, one.file_size) for one in old.segments if one.type == PT_DYNAMIC)
    yield from old.header_regions()
    yield from new.header_regions()
