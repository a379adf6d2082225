"""
A section header over the thunks: strip and objcopy write a segment from its sections, and cut off what none covers.
"""

from dataclasses import replace

from musl_audit.elf.headers import SHF_ALLOC, Region, Section
from musl_audit.elf.image import Image, align_up
from musl_audit.errors import AccessError
from musl_audit.repair.relr.space import Space

NAME = b".text.musl-audit"
SHT_PROGBITS, SHF_EXECINSTR = 1, 4
_TABLE_ALIGN = 8


def section_names(image: Image) -> bytes:
    """Return the table of section names; raise ``AccessError`` where there are sections, but no names."""
    if not image.sections:
        return b""
    if image.header.names_index >= len(image.sections):
        raise AccessError("the section headers have no names")
    names = image.sections[image.header.names_index]
    return image.slice(names.offset, names.size, "table of section names").rstrip(b"\0") + b"\0"


def with_code_section(space: Space, names: bytes, size: int, align: int) -> Image:
    """
    Return the image of *space* with one more section header, the last, over *size* bytes of code at its place.

    *names* are those of the others. They and the headers grow where they are, if they can, else they go to the end of
    the file. A file without section headers stays without.
    """
    image = space.image
    if not image.sections:
        return image
    old_names = image.sections[image.header.names_index]
    new = Section(
        len(names), SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, space.address, space.offset, size, 0, 0, align, 0
    )
    names += NAME + b"\0"
    offset, table = _place(image, old_names, len(names))
    sections = [*image.sections, new]
    sections[image.header.names_index] = replace(old_names, offset=offset, size=len(names))
    content = image.content.ljust(offset, b"\0")
    table_end = table + len(sections) * image.format.section.size
    content = content[:offset] + names.ljust(table_end - offset, b"\0") + content[table_end:]
    header = replace(image.header, sections_offset=table)
    return replace(image, content=content, sections=tuple(sections), header=header)


def _place(image: Image, names: Section, size: int) -> tuple[int, int]:
    """Return where *size* bytes of names go, and the section headers behind them."""
    row = image.format.section.size
    old = Region(image.header.sections_offset, len(image.sections) * row)
    is_together = not names.is_loaded and names.file_end <= old.address
    start = names.offset if is_together else len(image.content)
    for offset in (start, len(image.content)):
        table = align_up(offset + size, _TABLE_ALIGN)
        end = table + old.size + row
        if _is_free(image, offset, end, (Region(names.offset, names.size), old)):
            return offset, table
    raise AccessError("the section headers cannot grow")


def _is_free(image: Image, start: int, end: int, replaced: tuple[Region, ...]) -> bool:
    """Tell whether *start* to *end* holds nothing but zeros and what is *replaced*."""
    names = image.sections[image.header.names_index]
    spans = [(one.offset, one.file_end) for one in image.segments if one.file_size]
    spans += [(one.offset, one.file_end) for one in image.sections if one.has_bytes and one is not names]
    spans.append((image.header.segments_offset, image.segments_end))
    if any(first < end and start < last for first, last in spans):
        return False
    rest = bytearray(image.content[start:end])
    for region in replaced:
        first, last = max(region.address - start, 0), max(min(region.end - start, len(rest)), 0)
        rest[first:last] = bytes(max(last - first, 0))
    return not any(rest)
