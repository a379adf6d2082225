"""The proof that an unpacked file means the same to a loader as the packed one did."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from musl_audit.elf import read_elf
from musl_audit.elf.headers import Region, Segment
from musl_audit.elf.image import Image, read_image
from musl_audit.elf.view import DT_RELR, PT_DYNAMIC
from musl_audit.errors import UnpackError
from musl_audit.model import ElfFacts
from musl_audit.repair.relr.tables import Relocation, Tables, read_tables, stored_words


def verify(before: bytes, after: bytes) -> None:
    """
    Raise ``UnpackError`` unless *after* is *before* with its packed relocations made ordinary ones.

    That is: the same facts (symbols, needs, versions, search paths …), the same relocations with the same addends, each
    as often as before, and the same bytes in memory but for the tables and headers themselves.
    """
    old, new = read_image(before), read_image(after)
    if any(tag == DT_RELR for tag, _ in new.dynamic_entries()):
        raise UnpackError("check of the result: packed relocations are left")
    old_tables, new_tables = read_tables(old), read_tables(new)
    if _applied(old, old_tables) != _applied(new, new_tables):
        raise UnpackError("check of the result: the relocations are not the same")
    _require_same_facts(before, after, relative=old_tables.machine.relative)
    _require_same_memory(old, new, old_tables)


def _applied(image: Image, tables: Tables) -> tuple[list[Relocation], list[Relocation]]:
    """Return the relative relocations by address, their addends filled in, and all others in their order."""
    relative = [entry for entry in tables.plain if tables.is_relative(entry, image.format)]
    others = [entry for entry in tables.plain if not tables.is_relative(entry, image.format)]
    addresses = [entry.address for entry in relative] if not tables.machine.has_addends else []
    addresses += tables.packed
    info = tables.machine.relative
    in_place = zip(addresses, stored_words(image, addresses), strict=True)
    found = [Relocation(address, info, addend) for address, addend in in_place]
    found += relative if tables.machine.has_addends else []
    return sorted(found), [*others, *tables.rest]


def _require_same_facts(before: bytes, after: bytes, *, relative: int) -> None:
    old, new = read_elf(before, ""), read_elf(after, "")
    if _comparable(old, relative) != _comparable(new, relative):
        raise UnpackError("check of the result: symbols or needs are not the same")


def _comparable(facts: ElfFacts, relative: int) -> ElfFacts:
    return replace(facts, packed_relocations=0, relocation_types=facts.relocation_types | {relative})


def _require_same_memory(old: Image, new: Image, tables: Tables) -> None:
    replaced = {tables.packed_region.address, tables.plain_region.address}
    moved = list(moved_sections(old, new, replaced))
    for _, start, size, moved_to in moved:
        if old.content[start : start + size] != new.content[moved_to : moved_to + size]:
            raise UnpackError("check of the result: a section changed while it moved")
    rewritten = [*_rewritten(old, new, tables), *(Region(address, size) for address, _, size, _ in moved)]
    for load in old.loads:
        twin = new.load_of(load.address, load.memory_size)
        if twin is None or twin.address != load.address or twin.flags != load.flags:
            raise UnpackError("check of the result: a segment is not where it was")
        if masked(old, load, load.file_size, rewritten) != masked(new, twin, load.file_size, rewritten):
            raise UnpackError("check of the result: the bytes in memory are not the same")


def moved_sections(
    old: Image, new: Image, replaced: AbstractSet[int] = frozenset()
) -> Iterator[tuple[int, int, int, int]]:
    """Yield address, offset, size and new offset of the sections that moved, but for those *replaced*, by address."""
    for section, twin in zip(old.sections, new.sections[: len(old.sections)], strict=True):
        if section.is_loaded and section.address != twin.address and section.address not in replaced:
            yield section.address, section.offset, section.size, twin.offset


def _rewritten(old: Image, new: Image, tables: Tables) -> Iterator[Region]:
    """Yield what differs rightly: the old tables, the dynamic section, the headers."""
    yield from (tables.packed_region, tables.plain_region)
    yield from (Region(one.address, one.file_size) for one in old.segments if one.type == PT_DYNAMIC)
    yield from old.header_regions()
    yield from new.header_regions()


def masked(image: Image, load: Segment, size: int, masks: Iterable[Region]) -> bytearray:
    """Return the first *size* bytes of *load*, those of *masks* zeroed."""
    content = bytearray(image.content[load.offset : load.offset + size])
    for mask in masks:
        start, end = max(mask.address - load.address, 0), min(mask.end - load.address, size)
        if start < end:
            content[start:end] = bytes(end - start)
    return content
