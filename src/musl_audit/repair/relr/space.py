"""Room for a longer relocation table in a file that is already laid out."""

from musl_audit.elf.headers import Section, Segment
from musl_audit.elf.image import Image, align_up
from musl_audit.errors import UnpackError
from musl_audit.frozen import frozen, replace

TAIL_ALIGN = 64  # what lies behind the loaded part moves by a multiple of this, and so keeps its alignment


@frozen
class Space:
    """An image with room for a table, zeroed: *offset* in the file, *address* in memory."""

    image: Image
    offset: int
    address: int


def can_extend(image: Image) -> bool:
    """
    Tell whether the last ``PT_LOAD`` can grow at its end: all of it comes from the file, and nothing loaded is behind.

    So it is in every file that patchelf added a segment to, and in libraries without ``.bss``.
    """
    last = image.loads[-1]
    is_last_in_file = all(segment.file_end <= last.file_end for segment in image.segments if segment.file_size)
    return last.file_size == last.memory_size and is_last_in_file and image.segments_end <= last.file_end


def extend(image: Image, size: int) -> Space:
    """
    Return *image* with its last segment longer by room for *size* bytes.

    No program header is added and nothing in memory moves. What is in the file behind the segment moves back.
    """
    last = image.loads[-1]
    end = last.file_end
    address = align_up(last.memory_end, image.format.word_size)
    growth = address - last.memory_end + size
    if last.memory_end + growth >= 1 << image.format.bits:
        raise UnpackError("no addresses are left behind the last segment")
    shift = align_up(growth, TAIL_ALIGN)
    grown = replace(last, file_size=last.file_size + growth, memory_size=last.memory_size + growth)
    moved = replace(
        image,
        content=image.content[:end] + bytes(shift) + image.content[end:],
        segments=tuple(grown if segment is last else segment for segment in image.segments),
        sections=tuple(_behind(section, end, shift) for section in image.sections),
        header=replace(image.header, sections_offset=_sections_offset(image, last, shift)),
    )
    return Space(moved, end + growth - size, address)


def _behind(section: Section, end: int, shift: int) -> Section:
    """Return *section* moved by *shift* if it lies behind *end*; what is loaded stays."""
    if section.is_loaded or not section.has_bytes or section.file_end <= end:
        return section
    if section.offset < end:
        raise UnpackError("a section that is not loaded begins inside of a segment", offset=section.offset)
    return replace(section, offset=section.offset + shift)


def _sections_offset(image: Image, last: Segment, shift: int) -> int:
    start = image.header.sections_offset
    size = len(image.sections) * image.format.section.size
    if not size or start + size <= last.file_end:
        return start
    if start < last.file_end:
        raise UnpackError("the section headers begin inside of a segment", offset=start)
    return start + shift
