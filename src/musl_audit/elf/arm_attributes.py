"""``Tag_ABI_VFP_args`` out of ``.ARM.attributes`` (Addenda to, and Errata in, the ABI for the Arm Architecture)."""

import struct

from musl_audit.elf.view import ElfView

SHT_ARM_ATTRIBUTES = 0x70000003

TAG_FILE, TAG_ABI_VFP_ARGS, TAG_COMPATIBILITY = 1, 28, 32
STRING_TAGS = (4, 5)  # Tag_CPU_raw_name and Tag_CPU_name; above 32, odd tags are strings
LONGEST_NUMBER = 5  # bytes of a ULEB128 of 32 bits


class _TruncatedError(Exception):
    """The attributes end within a value; only they are in doubt, not the file."""


def read_vfp_args(image: ElfView) -> int | None:
    """
    Return the value of ``Tag_ABI_VFP_args``: 0 floats in core registers, 1 in VFP registers, 3 either.

    ``None`` without the section or the tag. No segment leads to the attributes, so this is the one fact that hangs
    on section headers; where they lie, the file says nothing.
    """
    layout = image.formats.section
    end = image.section_offset + image.section_size * image.section_count
    if image.section_size != layout.size or not image.section_offset or end > image.size:
        return None
    for kind, offset, size in layout.iter_unpack(image.bytes_at(image.section_offset, end)):
        if kind == SHT_ARM_ATTRIBUTES and offset + size <= image.size:
            try:
                return _vfp_args(bytes(image.bytes_at(offset, offset + size)), image.formats.order)
            except _TruncatedError:
                return None
    return None


def _vfp_args(section: bytes, order: str) -> int | None:
    """Return the tag's value in the attributes of the whole file, as the vendor ``aeabi`` states them."""
    length = struct.Struct(f"{order}I")
    at = 1  # behind the format version, "A"
    while at + length.size <= len(section):
        size = length.unpack_from(section, at)[0]
        name_start = at + length.size
        if section[name_start : name_start + 6] == b"aeabi\0":
            start = name_start + 6
            header = start + 1 + length.size  # behind the scope and the size of its attributes
            if header > len(section) or section[start] != TAG_FILE:
                return None
            return _attribute(section, header, start + length.unpack_from(section, start + 1)[0])
        at += max(size, length.size)
    return None


def _attribute(section: bytes, at: int, end: int) -> int | None:
    while at < min(end, len(section)):
        tag, at = _number(section, at)
        if tag in STRING_TAGS or (tag > TAG_COMPATIBILITY and tag % 2):
            at = _string_end(section, at)
            continue
        value, at = _number(section, at)
        if tag == TAG_ABI_VFP_ARGS:
            return value
        if tag == TAG_COMPATIBILITY:  # a number and a string
            at = _string_end(section, at)
    return None


def _number(section: bytes, at: int) -> tuple[int, int]:
    """Return a ULEB128 number and where it ends."""
    value = 0
    for place, byte in enumerate(section[at : at + LONGEST_NUMBER]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise _TruncatedError


def _string_end(section: bytes, at: int) -> int:
    end = section.find(0, at)
    if end < 0:
        raise _TruncatedError
    return end + 1
