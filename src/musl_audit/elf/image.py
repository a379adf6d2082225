"""The headers of an ELF file as values that can be changed and written back over its bytes."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

from musl_audit.elf.headers import Format, Header, Region, Section, Segment
from musl_audit.elf.view import BITS, BYTE_ORDERS, PT_DYNAMIC, PT_LOAD, is_elf
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen, replace

DT_NULL = 0


@frozen
class Image:
    """
    The bytes of an ELF file, and its headers as values.

    The headers win: ``to_bytes`` writes them over *content*, at the places that *header* names.
    """

    content: bytes
    format: Format
    header: Header
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]

    @property
    def loads(self) -> tuple[Segment, ...]:
        """The ``PT_LOAD`` segments that have a length, in file order."""
        return tuple(segment for segment in self.segments if segment.type == PT_LOAD and segment.memory_size)

    @property
    def segments_end(self) -> int:
        """The offset behind the program headers."""
        return self.header.segments_offset + len(self.segments) * self.format.segment.size

    def dynamic_segment(self) -> Segment | None:
        """Return the first ``PT_DYNAMIC``."""
        return next((segment for segment in self.segments if segment.type == PT_DYNAMIC), None)

    def dynamic_entries(self) -> tuple[tuple[int, int], ...]:
        """Return the ``(tag, value)`` pairs of the dynamic section up to ``DT_NULL``, as the loader reads them."""
        segment = self.dynamic_segment()
        if segment is None or not segment.file_size:  # of no bytes: debug information, split from its library
            return ()
        entry = self.format.dynamic_entry
        size = segment.file_size // entry.size * entry.size
        table = self.slice(segment.offset, size, "dynamic section")
        entries = tuple(_until_null(entry.iter_unpack(table)))
        if len(entries) * entry.size == size:
            raise ElfError("the dynamic section has no DT_NULL", offset=segment.offset)
        return entries

    def slice(self, offset: int, size: int, what: str) -> bytes:
        """Return *size* bytes at *offset*; raise ``ElfError`` naming *what* where the file ends before."""
        if offset + size > len(self.content):
            raise ElfError(f"the {what} runs past the end of the file", offset=offset)
        return self.content[offset : offset + size]

    def load_of(self, address: int, size: int) -> Segment | None:
        """Return the segment that holds *size* bytes at *address*, in memory."""
        for segment in self.loads:
            if segment.address <= address and address + size <= segment.memory_end:
                return segment
        return None

    def offset_of(self, address: int, size: int, what: str) -> int:
        """Return the offset of *size* bytes at *address*; raise ``ElfError`` where the file does not hold them."""
        segment = self.load_of(address, size)
        if segment is None or address + size > segment.address + segment.file_size:
            raise ElfError(f"the {what} at address {address:#x} is not loaded from the file")
        return segment.offset + address - segment.address

    def header_regions(self) -> Iterator[Region]:
        """Yield where ELF header, program and section headers and section names are in memory, if they are."""
        names = self.sections[self.header.names_index] if self.header.names_index < len(self.sections) else None
        sections_offset = self.header.sections_offset
        spans = [
            (0, 16 + self.format.header.size),
            (self.header.segments_offset, self.segments_end),
            (sections_offset, sections_offset + len(self.sections) * self.format.section.size),
            (names.offset, names.file_end) if names else (0, 0),
        ]
        for start, end in spans:
            for load in self.loads:
                if load.offset <= start < load.file_end:
                    yield Region(load.address + start - load.offset, end - start)

    def overwritten(self, offset: int, content: bytes) -> Self:
        """Return the image with *content* at *offset*."""
        return replace(self, content=self.content[:offset] + content + self.content[offset + len(content) :])

    def section_name(self, section: Section) -> bytes:
        """Return the name of *section*, empty where it has none."""
        if self.header.names_index >= len(self.sections):
            return b""
        names = self.sections[self.header.names_index]
        start = names.offset + section.name_offset
        return self.content[start : names.file_end].partition(b"\0")[0]

    def to_bytes(self) -> bytes:
        """Return the file with its headers as they are here."""
        header = replace(self.header, segment_count=len(self.segments), section_count=len(self.sections))
        output = bytearray(self.content)
        self.format.header.pack_into(output, 16, *_fields(header))
        pack_segment = _segment_fields(self.format)
        _write_table(output, header.segments_offset, self.format.segment, map(pack_segment, self.segments))
        _write_table(output, header.sections_offset, self.format.section, map(_fields, self.sections))
        return bytes(output)


def read_image(data: bytes) -> Image:
    """Return the headers of the ELF file *data*; raise ``ElfError`` where they cannot be read."""
    if not is_elf(data) or len(data) < 16:
        raise ElfError("not an ELF file")
    if data[4] not in BITS or data[5] not in BYTE_ORDERS:
        raise ElfError("unknown ELF class or byte order", offset=4)
    form = Format(BITS[data[4]], BYTE_ORDERS[data[5]])
    if len(data) < 16 + form.header.size:
        raise ElfError("the ELF header is cut off", offset=16)
    header = Header(*form.header.unpack_from(data, 16))
    return Image(data, form, header, _read_segments(data, form, header), _read_sections(data, form, header))


def align_up(value: int, align: int) -> int:
    """
    Return the lowest multiple of *align* that is not below *value*.

    >>> align_up(65, 64)
    128
    """
    return -(-value // align) * align


def _read_segments(data: bytes, form: Format, header: Header) -> tuple[Segment, ...]:
    if header.segment_count == 0xFFFF:
        raise ElfError("more than 65534 program headers")
    rows = _rows(data, form.segment, header.segments_offset, header.segment_size, header.segment_count)
    if form.bits == 64:
        return tuple(Segment(*row) for row in rows)
    return tuple(Segment(row[0], row[6], row[1], row[2], row[3], row[4], row[5], row[7]) for row in rows)


def _read_sections(data: bytes, form: Format, header: Header) -> tuple[Section, ...]:
    if header.section_count == 0 and header.sections_offset != 0:
        raise ElfError("more than 65279 section headers")
    return tuple(
        Section(*row)
        for row in _rows(data, form.section, header.sections_offset, header.section_size, header.section_count)
    )


def _rows(data: bytes, row: struct.Struct, offset: int, size: int, count: int) -> Iterator[tuple[int, ...]]:
    if not count:
        return iter(())
    if size != row.size:
        raise ElfError(f"headers of {size} bytes, expected {row.size}", offset=offset)
    if offset + count * size > len(data):
        raise ElfError("a table of headers runs past the end of the file", offset=offset)
    return row.iter_unpack(data[offset : offset + count * size])


def _until_null(entries: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, int]]:
    for tag, value in entries:
        if tag == DT_NULL:
            return
        yield tag, value


def _fields(value: Header | Section) -> Sequence[int]:
    return [getattr(value, name) for name in type(value).__annotations__]


def _segment_fields(form: Format) -> Callable[[Segment], Sequence[int]]:
    def fields(segment: Segment) -> Sequence[int]:
        values = [getattr(segment, name) for name in Segment.__annotations__]
        return values if form.bits == 64 else [values[0], *values[2:7], values[1], values[7]]

    return fields


def _write_table(output: bytearray, offset: int, row: struct.Struct, rows: Iterable[Sequence[int]]) -> None:
    content = b"".join(row.pack(*values) for values in rows)
    output[offset : offset + len(content)] = content
