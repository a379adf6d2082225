"""
A segment of its own for a longer relocation table, where ``.bss`` ends the last segment of a file.

The program headers stay where they are and grow by one; whatever sections are in the way move into the new segment.
Moving the program headers to the end instead would load as well, but GNU strip then corrupts ``.bss`` without a word.
"""

from collections.abc import Iterable
from dataclasses import replace

from musl_audit.elf.headers import PF_R, PT_NULL, PT_PHDR, Region, Section, Segment
from musl_audit.elf.image import Image, align_up
from musl_audit.elf.view import PT_LOAD
from musl_audit.errors import UnpackError
from musl_audit.repair.relr.block import MOVABLE_SEGMENTS, Block, block_in_the_way
from musl_audit.repair.relr.dynamic import with_dynamic_entries
from musl_audit.repair.relr.space import Space
from musl_audit.repair.relr.tables import Tables, stored_words
from musl_audit.repair.relr.targets import relocated_regions

SMALLEST_PAGE = 4096
LARGEST_PAGE = 1 << 24
SHT_DYNSYM = 11
# HASH, STRTAB, SYMTAB, RELA, REL, JMPREL, RELR, GNU_HASH, VERSYM, VERDEF, VERNEED.
ADDRESS_TAGS = frozenset({4, 5, 6, 7, 17, 23, 36, 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFE})


def make_room(image: Image, tables: Tables, size: int, *, flags: int = PF_R, align: int = 0) -> Space:
    """
    Return *image* with a new ``PT_LOAD`` that ends with room for *size* bytes, read-only unless *flags* say more.

    The room begins at a multiple of *align*, and of the size of a word.
    """
    spare = next((segment for segment in image.segments if segment.type == PT_NULL), None)
    block = Block(0, 0, 0) if spare else block_in_the_way(image)
    _require_unreferenced(image, tables, block)
    new = _new_segment(image, block, size, flags, align)
    delta = new.address - block.address
    moved = replace(
        image,
        content=_moved_content(image, block, new),
        sections=tuple(_moved_section(section, block, new) for section in image.sections),
    )
    moved = with_dynamic_entries(moved, [_moved_entry(*entry, block, delta) for entry in image.dynamic_entries()])
    moved = replace(moved, segments=_with_segment(image, block, new, spare))
    return Space(moved, new.file_end - size, new.memory_end - size)


def _new_segment(image: Image, block: Block, size: int, flags: int, room_align: int) -> Segment:
    """
    Return the header of the new segment: the block, then the room, at the end of file and memory.

    The address is congruent to the offset, so that no padding is needed in the file.
    """
    align = max([SMALLEST_PAGE, *(load.align for load in image.loads)])
    if align > LARGEST_PAGE or align & (align - 1):
        raise UnpackError(f"a segment has an alignment of {align}")
    inner = max(block.align, image.format.word_size)
    offset = align_up(len(image.content), inner) + block.start % inner
    room = align_up(offset + block.end - block.start, max(room_align, image.format.word_size))
    address = align_up(image.loads[-1].memory_end, align) + offset % align
    length = room + size - offset
    if address + length >= 1 << image.format.bits:
        raise UnpackError("no addresses are left behind the last segment")
    return Segment(PT_LOAD, flags, offset, address, address, length, length, align)


def _require_unreferenced(image: Image, tables: Tables, block: Block) -> None:
    """Refuse a block that something holds the address of, or that a relocation changes."""
    region = block.region
    if not region.size:
        return
    relative, others = relocated_regions(image, tables)
    packed = [Region(address, image.format.word_size) for address in tables.packed]
    if any(region.overlaps(other) for other in (*packed, *relative, *others)):
        raise UnpackError("the program headers cannot grow: what is behind them is relocated")
    if any(region.address <= value < region.end for value in referenced_addresses(image, tables)):
        raise UnpackError("the program headers cannot grow: something refers to what is behind them")


def referenced_addresses(image: Image, tables: Tables) -> Iterable[int]:
    """Yield the addresses that relocations and dynamic symbols name."""
    yield from stored_words(image, tables.packed)
    relative = [entry for entry in tables.plain if tables.is_relative(entry, image.format)]
    if tables.machine.has_addends:
        yield from (entry.addend for entry in relative)
    else:
        yield from stored_words(image, [entry.address for entry in relative])
    for section in image.sections:
        if section.type == SHT_DYNSYM:
            yield from _symbol_values(image, section)


def _symbol_values(image: Image, section: Section) -> Iterable[int]:
    is_wide = image.format.bits == 64
    row = image.format.structure("8xw8x" if is_wide else "4xw8x")
    table = image.slice(section.offset, section.size // row.size * row.size, "symbol table")
    return (value for (value,) in row.iter_unpack(table))


def _moved_content(image: Image, block: Block, new: Segment) -> bytes:
    """Return the content with the block copied into the new segment and zeroed where it was."""
    moved = image.content[block.start : block.end]
    cleared = image.content[: block.start] + bytes(len(moved)) + image.content[block.end :]
    return cleared.ljust(new.offset, b"\0") + moved.ljust(new.file_size, b"\0")


def _moved_section(section: Section, block: Block, new: Segment) -> Section:
    if not section.has_bytes or not block.overlaps(section.offset, section.size):
        return section
    delta_offset, delta_address = new.offset - block.start, new.address - block.address
    return replace(section, offset=section.offset + delta_offset, address=section.address + delta_address)


def _moved_entry(tag: int, value: int, block: Block, delta: int) -> tuple[int, int]:
    is_moved = tag in ADDRESS_TAGS and block.region.overlaps(Region(value, 1))
    return (tag, value + delta) if is_moved else (tag, value)


def _with_segment(image: Image, block: Block, new: Segment, spare: Segment | None) -> tuple[Segment, ...]:
    """Return the program headers with *new* behind the last ``PT_LOAD``, in place of *spare* where there is one."""
    segments: list[Segment] = []
    last = image.loads[-1]
    for segment in image.segments:
        if segment is spare:
            continue
        segments.append(_adjusted(image, segment, block, new, is_longer=spare is None))
        if segment is last:
            segments.append(new)
    return tuple(segments)


def _adjusted(image: Image, segment: Segment, block: Block, new: Segment, *, is_longer: bool) -> Segment:
    if segment.type == PT_PHDR and is_longer:
        size = (len(image.segments) + 1) * image.format.segment.size
        return replace(segment, file_size=size, memory_size=size)
    if segment.type in MOVABLE_SEGMENTS and block.overlaps(segment.offset, segment.file_size):
        return segment.shifted(new.offset - block.start, new.address - block.address)
    return segment
