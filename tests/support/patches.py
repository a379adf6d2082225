"""Ways to make an ELF file lie: fields of its header, its segments and its dynamic entries, written over."""

import struct
from collections.abc import Iterable

from musl_audit.elf.view import PT_DYNAMIC, ElfView

# Where fields lie in the header and in a program header, and how wide they are, by class.
HEADER = {
    64: {"type": (16, "H"), "phoff": (32, "Q"), "shoff": (40, "Q"), "flags": (48, "I"), "phentsize": (54, "H")}
    | {"phnum": (56, "H"), "shentsize": (58, "H"), "shnum": (60, "H")},
    32: {"type": (16, "H"), "phoff": (28, "I"), "shoff": (32, "I"), "flags": (36, "I"), "phentsize": (42, "H")}
    | {"phnum": (44, "H"), "shentsize": (46, "H"), "shnum": (48, "H")},
}
SEGMENT = {
    64: {"type": (0, "I"), "flags": (4, "I"), "offset": (8, "Q"), "address": (16, "Q")}
    | {"file_size": (32, "Q"), "memory_size": (40, "Q"), "alignment": (48, "Q")},
    32: {"type": (0, "I"), "offset": (4, "I"), "address": (8, "I"), "file_size": (16, "I")}
    | {"memory_size": (20, "I"), "flags": (24, "I"), "alignment": (28, "I")},
}


def overwritten(data: bytes, offset: int, new: bytes) -> bytes:
    """Return *data* with *new* at *offset*."""
    return data[:offset] + new + data[offset + len(new) :]


def with_header(data: bytes, **fields: int) -> bytes:
    """Return *data* with these fields of the ELF header."""
    image = ElfView(data)
    for name, value in fields.items():
        offset, width = HEADER[image.identity.bits][name]
        data = overwritten(data, offset, struct.pack(image.formats.order + width, value))
    return data


def with_segment(data: bytes, index: int, **fields: int) -> bytes:
    """Return *data* with these fields of the program header *index*."""
    image = ElfView(data)
    offset, width = HEADER[image.identity.bits]["phoff"]
    (start,) = struct.unpack_from(image.formats.order + width, data, offset)
    start += index * image.formats.segment.size
    for name, value in fields.items():
        offset, width = SEGMENT[image.identity.bits][name]
        data = overwritten(data, start + offset, struct.pack(image.formats.order + width, value))
    return data


def segment_index(data: bytes, kind: int) -> int:
    """Return the index of the first program header of this type."""
    return [segment.type for segment in ElfView(data).segments].index(kind)


def dynamic_offset(data: bytes, tag: int) -> int:
    """Return where the dynamic entry *tag* lies in the file."""
    image = ElfView(data)
    start, _ = image.file_range(image.segments_of_type(PT_DYNAMIC)[0].address)
    index = [entry for entry, _ in image.dynamic_entries()].index(tag)
    return start + index * image.formats.dynamic.size


def with_entries(data: bytes, changes: Iterable[tuple[int, int, int]]) -> bytes:
    """Return *data* with dynamic entries changed: ``(tag, new tag, new value)`` each."""
    for tag, new_tag, value in changes:
        offset = dynamic_offset(data, tag)
        data = overwritten(data, offset, ElfView(data).formats.dynamic.pack(new_tag, value))
    return data


def table_offset(data: bytes, tag: int) -> int:
    """Return where the table that the dynamic entry *tag* gives the address of lies in the file."""
    image = ElfView(data)
    return image.file_range(dict(image.dynamic_entries())[tag])[0]
