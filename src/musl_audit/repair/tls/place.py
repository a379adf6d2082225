"""Where thunks go: behind the last byte of an executable segment, or into a new one."""

from dataclasses import replace

from musl_audit.elf.headers import PF_R, PF_X, Segment
from musl_audit.elf.image import Image, align_up
from musl_audit.repair.relr.room import make_room
from musl_audit.repair.relr.space import Space
from musl_audit.repair.relr.tables import Tables
from musl_audit.repair.tls.soundness import executable_loads

ALIGN = 16
SMALLEST_PAGE = 4096


def make_place(image: Image, tables: Tables, size: int) -> Space:
    """
    Return *image* with room for *size* bytes of code, at a multiple of 16.

    Nothing in memory moves where the padding behind a segment is large enough. Raise ``MendError`` where there is no
    room, and the program headers cannot grow.
    """
    for load in executable_loads(image):
        start = align_up(load.memory_end, ALIGN)
        growth = start + size - load.memory_end
        if load.file_size == load.memory_size and growth <= _padding(image, load):
            grown = replace(load, file_size=load.file_size + growth, memory_size=load.memory_size + growth)
            segments = tuple(grown if segment is load else segment for segment in image.segments)
            end = grown.file_end
            content = image.content.ljust(end, b"\0")
            return Space(replace(image, content=content, segments=segments), end - size, start)
    return make_room(_without_tail(image), tables, size, flags=PF_R | PF_X, align=ALIGN)


def _without_tail(image: Image) -> Image:
    """Return *image* without section names and headers at its end: they are written anew behind the code."""
    if image.header.names_index >= len(image.sections):
        return image
    names = image.sections[image.header.names_index]
    end = max(end for _, end in _taken(replace(image, sections=(), header=replace(image.header, sections_offset=0))))
    end = max([end, *(one.file_end for one in image.sections if one.has_bytes and one is not names)])
    is_last = not names.is_loaded and end <= names.offset and end <= image.header.sections_offset
    return replace(image, content=image.content[:end]) if is_last else image


def _padding(image: Image, load: Segment) -> int:
    """
    Return how many bytes behind *load* are free: zero and nobody's in the file, and in memory on no other's page.

    Pages are as large as the largest that the file was laid out for.
    """
    page = max([SMALLEST_PAGE, *(other.align for other in image.loads)])
    following = min((other.address for other in image.loads if other.address >= load.memory_end), default=None)
    limit = align_up(load.memory_end, page) if following is None else following // page * page
    in_file = min((start for start, end in _taken(image) if end > load.file_end), default=len(image.content))
    free = max(min(limit - load.memory_end, in_file - load.file_end), 0)
    padding = image.content[load.file_end : load.file_end + free]
    return free if not any(padding) else len(padding) - len(padding.lstrip(b"\0"))


def _taken(image: Image) -> list[tuple[int, int]]:
    """Return where the file has bytes that mean something, as pairs of offsets."""
    header = image.header
    spans = [(one.offset, one.file_end) for one in image.segments if one.file_size]
    spans += [(one.offset, one.file_end) for one in image.sections if one.has_bytes]
    spans.append((header.segments_offset, image.segments_end))
    spans.append((header.sections_offset, header.sections_offset + len(image.sections) * image.format.section.size))
    return [(start, end) for start, end in spans if start < end]
