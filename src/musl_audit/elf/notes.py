"""What notes and ARM's attributes say: the instruction set that x86 code needs, and how ARM code passes floats."""

import struct
from collections.abc import Iterator

from musl_audit.elf.arm_attributes import read_vfp_args
from musl_audit.elf.machines import EM_386, EM_ARM, EM_X86_64
from musl_audit.elf.view import PT_GNU_PROPERTY, PT_NOTE, ElfView
from musl_audit.model import FloatAbi

NT_GNU_PROPERTY_TYPE_0 = 5
GNU_PROPERTY_X86_ISA_1_NEEDED = 0xC0008002

EF_ARM_EABI_VERSION, EF_ARM_EABI_VER5 = 0xFF000000, 0x05000000
EF_ARM_ABI_FLOAT_SOFT, EF_ARM_ABI_FLOAT_HARD = 0x200, 0x400
VFP_ARGS: dict[int | None, FloatAbi] = {0: "soft", 1: "hard"}  # 2 is a convention of the toolchain's own, 3 suits both


def read_isa_needed(image: ElfView) -> int:
    """
    Return the bits of ``GNU_PROPERTY_X86_ISA_1_NEEDED``, 0 where there are none.

    No loader of musl reads notes, so what is wrong with one makes no file unreadable: reading ends there.
    """
    if image.identity.machine not in (EM_386, EM_X86_64):
        return 0
    segments = image.segments_of_type(PT_GNU_PROPERTY) or image.segments_of_type(PT_NOTE)
    needed, unread = 0, image.size
    for segment in segments:
        unread -= segment.file_size
        if unread < 0:  # 65,535 segments of the same megabytes would take hours
            break
        view = image.bytes_at(segment.offset, segment.offset + segment.file_size)
        for name, kind, description in _notes(view, image.formats.order, 8 if segment.alignment == 8 else 4):
            if name == b"GNU\0" and kind == NT_GNU_PROPERTY_TYPE_0:
                needed |= _isa_of(description, image.formats.order, image.identity.bits // 8)
    return needed


def _notes(view: memoryview, order: str, alignment: int) -> Iterator[tuple[bytes, int, memoryview]]:
    """Yield name, type and description of each note; names and descriptions begin at multiples of *alignment*."""
    header = struct.Struct(f"{order}3I")
    at = 0
    while at + header.size <= len(view):
        name_size, size, kind = header.unpack_from(view, at)
        name_start = at + header.size
        start = _aligned(name_start + name_size, alignment)
        if start + size > len(view):
            return
        yield bytes(view[name_start : name_start + min(name_size, 4)]), kind, view[start : start + size]
        at = _aligned(start + size, alignment)


def _isa_of(description: memoryview, order: str, alignment: int) -> int:
    header, word = struct.Struct(f"{order}2I"), struct.Struct(f"{order}I")
    at = 0
    while at + header.size <= len(description):
        kind, size = header.unpack_from(description, at)
        at += header.size
        if kind == GNU_PROPERTY_X86_ISA_1_NEEDED and size == word.size and at + size <= len(description):
            return int(word.unpack_from(description, at)[0])
        at = _aligned(at + size, alignment)
    return 0


def _aligned(offset: int, alignment: int) -> int:
    return (offset + alignment - 1) // alignment * alignment


def read_arm_float_abi(image: ElfView) -> FloatAbi | None:
    """Return how 32-bit ARM code passes floats: ``"hard"`` or ``"soft"``; ``None`` where the file does not say."""
    if image.identity.machine != EM_ARM:
        return None
    flags = image.identity.flags
    if flags & EF_ARM_EABI_VERSION == EF_ARM_EABI_VER5:
        if flags & EF_ARM_ABI_FLOAT_HARD:
            return "hard"
        if flags & EF_ARM_ABI_FLOAT_SOFT:
            return "soft"
    return VFP_ARGS.get(read_vfp_args(image))
