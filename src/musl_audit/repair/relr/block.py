"""What is in the way of one more program header, and whether it can move."""

from musl_audit.elf.headers import SHF_WRITE, Region, Section, Segment
from musl_audit.elf.image import Image
from musl_audit.elf.view import PT_GNU_PROPERTY, PT_INTERP, PT_LOAD, PT_NOTE
from musl_audit.errors import UnpackError
from musl_audit.frozen import frozen

LARGEST_ALIGN = 4096
MOVABLE_SEGMENTS = (PT_INTERP, PT_NOTE, PT_GNU_PROPERTY)
# NOTE, STRTAB, DYNSYM, HASH, GNU_HASH, RELA, REL, RELR, and the three of symbol versions: the loader finds them
# through a program header or a dynamic tag alone, so that they can be anywhere.
MOVABLE_SECTIONS = frozenset({7, 3, 11, 5, 0x6FFFFFF6, 4, 9, 19, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF})


@frozen
class Block:
    """Bytes of the file, *start* to *end*, at *address*, that move to make way; none where both are equal."""

    start: int
    end: int
    address: int
    align: int = 1

    @property
    def region(self) -> Region:
        """The block as addresses."""
        return Region(self.address, self.end - self.start)

    def overlaps(self, offset: int, size: int) -> bool:
        """Tell whether some of *size* bytes at *offset* are in the block."""
        return size > 0 and offset < self.end and self.start < offset + size


def block_in_the_way(image: Image) -> Block:
    """
    Return the bytes that one more program header needs, with all sections and segments that begin there.

    Raise ``UnpackError`` where something among them is found by its address, as code and data are.
    """
    start, end = image.segments_end, image.segments_end + image.format.segment.size
    load = next((one for one in image.loads if one.offset <= start and end <= one.file_end), None)
    if load is None:
        raise UnpackError("the program headers cannot grow: they are not in a segment")
    if not image.sections:
        raise UnpackError("the program headers cannot grow: without section headers nothing says what is behind them")
    _require_nothing_fixed(image, start, end)
    sections = [section for section in image.sections if section.has_bytes]
    first, last = _closed_span(image, sections, start, end)
    _require_padding(image, start, min(first, end))
    moving = [section for section in sections if section.offset < last and first < section.file_end]
    block = Block(
        first, last, load.address + first - load.offset, max([section.align for section in moving], default=1) or 1
    )
    _require_movable(image, block, load, moving)
    return block


def _closed_span(image: Image, sections: list[Section], start: int, end: int) -> tuple[int, int]:
    """Return where what begins between *start* and *end* begins and ends, cutting nothing in two."""
    spans = sorted((section.offset, section.file_end) for section in sections)
    spans += [(one.offset, one.file_end) for one in image.segments if one.type in MOVABLE_SEGMENTS]
    first, last = end, end
    for span_start, span_end in sorted(spans):
        if span_start < last and start < span_end:
            first, last = min(first, span_start), max(last, span_end)
    return (first, last) if first < end else (start, start)


def _require_padding(image: Image, start: int, end: int) -> None:
    if any(image.content[start:end]):
        raise UnpackError("the program headers cannot grow: what is behind them belongs to no section", offset=start)


def _require_nothing_fixed(image: Image, start: int, end: int) -> None:
    way = Block(start, end, 0)
    fixed = [(one.offset, one.file_size) for one in image.segments if one.type not in (*MOVABLE_SEGMENTS, PT_LOAD)]
    section_headers = (image.header.sections_offset, len(image.sections) * image.format.section.size)
    if any(way.overlaps(offset, size) for offset, size in (*fixed, section_headers)):
        raise UnpackError("the program headers cannot grow: a segment behind them cannot move")


def _require_movable(image: Image, block: Block, load: Segment, moving: list[Section]) -> None:
    if block.start < image.segments_end or block.end > load.file_end:
        raise UnpackError("the program headers cannot grow: a section overlaps them", offset=block.start)
    _require_nothing_fixed(image, block.start, block.end)
    if block.align > LARGEST_ALIGN or block.align & (block.align - 1):
        raise UnpackError("the program headers cannot grow: a section behind them has a strange alignment")
    for segment in image.segments:
        is_moving = segment.type in MOVABLE_SEGMENTS and block.overlaps(segment.offset, segment.file_size)
        if is_moving and segment.address - segment.offset != load.address - load.offset:
            raise UnpackError("the program headers cannot grow: a segment behind them is not where its bytes are")
    for section in moving:
        if not _is_movable(image, section, load):
            name = image.section_name(section).decode("ascii", "backslashreplace")
            raise UnpackError(f"the program headers cannot grow: {name!r} behind them cannot move")


def _is_movable(image: Image, section: Section, load: Segment) -> bool:
    is_interpreter = any(
        one.type == PT_INTERP and (one.offset, one.file_size) == (section.offset, section.size)
        for one in image.segments
    )
    is_placed = section.is_loaded and section.address - section.offset == load.address - load.offset
    return is_placed and not section.flags & SHF_WRITE and (section.type in MOVABLE_SECTIONS or is_interpreter)
