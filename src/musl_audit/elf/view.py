"""
The frame of an ELF file: its header, its segments, and the dynamic entries, as the loader finds them.

Section headers play no part: they may be stripped, and they may lie. Addresses are translated through ``PT_LOAD``.
Nothing here trusts an offset, a size or a count of the file: whatever leads out of it raises ``ElfError``.
"""

import struct
from array import array
from collections.abc import Iterator
from operator import itemgetter
from sys import byteorder
from typing import NamedTuple, Protocol

from musl_audit.elf.memory import ANY_ACCESS, Memory, Piece
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen
from musl_audit.model import Bits, ByteOrder, ElfIdentity

MAGIC = b"\x7fELF"
HEADERS = 4096  # bytes at the beginning of a file: the ELF header, and the program headers of all real ones

ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_TLS = 1, 2, 3, 4, 7
PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY = 0x6474E551, 0x6474E552, 0x6474E553

DT_NEEDED, DT_PLTRELSZ, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ = 1, 2, 4, 5, 6, 7, 8
DT_INIT, DT_FINI, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ = 12, 13, 25, 26, 27, 28
DT_STRSZ, DT_SONAME, DT_RPATH, DT_REL, DT_RELSZ, DT_PLTREL, DT_DEBUG = 10, 14, 15, 17, 18, 20, 21
DT_TEXTREL, DT_JMPREL, DT_RUNPATH, DT_RELRSZ, DT_RELR = 22, 23, 29, 35, 36
DT_GNU_HASH, DT_VERSYM, DT_RELACOUNT, DT_RELCOUNT, DT_FLAGS_1 = (
    0x6FFFFEF5,
    0x6FFFFFF0,
    0x6FFFFFF9,
    0x6FFFFFFA,
    0x6FFFFFFB,
)
DT_VERDEF, DT_VERDEFNUM, DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
GNU_HASH_HEADER = 16  # bytes: number of buckets, first symbol, words of the Bloom filter, its shift


@frozen
class Formats:
    """The ``struct`` formats of one class and byte order; each reads only the fields that anything here uses."""

    order: str  # "<" or ">"
    word: str  # the native word
    header: struct.Struct  # type, machine, entry, phoff, shoff, flags, phentsize, phnum, shentsize, shnum
    segment: struct.Struct  # the fields of SegmentView, in the file's order
    segment_order: "itemgetter[tuple[int, ...]] | None"  # what puts them in that of SegmentView; None where they are
    dynamic: struct.Struct  # tag, value
    symbol: struct.Struct  # name, info, shndx, value (64-bit); name, value, info, shndx (32-bit)
    rela: struct.Struct  # info
    rel: struct.Struct  # info
    section: struct.Struct  # type, offset, size


def _formats(order: str, bits: int) -> Formats:
    if bits == 64:
        word, header, segment, symbol = "Q", "16xHH4xQQQI2xHHHH2x", "IIQQ8xQQQ", "IBxHQ8x"
        segment_order, section, offset = None, "4xI16xQQ24x", "8x"
    else:
        word, header, segment, symbol = "I", "16xHH4xIIII2xHHHH2x", "III4xIIII", "II4xBxH"
        segment_order, section, offset = itemgetter(0, 5, 1, 2, 3, 4, 6), "4xI8xII16x", "4x"
    return Formats(
        order=order,
        word=word,
        header=struct.Struct(order + header),
        segment=struct.Struct(order + segment),
        segment_order=segment_order,
        dynamic=struct.Struct(order + word * 2),
        symbol=struct.Struct(order + symbol),
        rela=struct.Struct(order + offset + word + offset),
        rel=struct.Struct(order + offset + word),
        section=struct.Struct(order + section),
    )


FORMATS = {(bits, order): _formats(order, bits) for bits in (32, 64) for order in "<>"}  # by class and byte order
BITS: dict[int, Bits] = {1: 32, 2: 64}  # EI_CLASS
BYTE_ORDERS = {1: "<", 2: ">"}  # EI_DATA
MOST_DYNAMIC_ENTRIES = 65_536  # the largest of real ones have a few hundred
BYTE_ORDER_NAMES: dict[str, ByteOrder] = {"<": "little", ">": "big"}


class ByteSource(Protocol):
    """The bytes of a file, wherever they lie: ``len`` says how many there are."""

    def __len__(self) -> int: ...

    def bytes_at(self, start: int, end: int) -> memoryview:
        """Return the bytes from *start* to *end*, or to the end of the file."""


class _InMemory:
    """``ByteSource`` over bytes in one piece."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._view = memoryview(data).cast("B")

    def __len__(self) -> int:
        return len(self._view)

    def bytes_at(self, start: int, end: int) -> memoryview:
        return self._view[start:end]


class SegmentView(NamedTuple):  # not frozen: a file has ten of them, and most are only passed by
    """One program header, without its physical address."""

    type: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    alignment: int


class ElfView:
    """
    An ELF file as the loader sees it: header, segments, and memory addresses that lead back to bytes.

    Raises ``ElfError`` if the header or a load segment contradicts the size of the file.
    """

    __slots__ = (
        "_by_type",
        "_memory",
        "bytes_at",
        "entry",
        "formats",
        "identity",
        "loads",
        "section_count",
        "section_offset",
        "section_size",
        "segments",
        "size",
        "type",
    )

    def __init__(self, data: bytes | memoryview | ByteSource) -> None:
        source: ByteSource = _InMemory(data) if isinstance(data, bytes | memoryview) else data
        self.size, self.bytes_at = len(source), source.bytes_at
        view = self.bytes_at(0, HEADERS)
        if not is_elf(view):
            raise ElfError("does not begin like an ELF file")
        if len(view) < 16:
            raise ElfError("ends within the ELF header", offset=len(view))
        bits, order = BITS.get(view[4]), BYTE_ORDERS.get(view[5])
        if bits is None or order is None:
            raise ElfError(f"unknown class {view[4]} or byte order {view[5]}", offset=4)
        formats = FORMATS[bits, order]
        if len(view) < formats.header.size:
            raise ElfError("ends within the ELF header", offset=len(view))
        (
            self.type,
            machine,
            self.entry,
            segment_offset,
            self.section_offset,
            flags,
            segment_size,
            segment_count,
            self.section_size,
            self.section_count,
        ) = formats.header.unpack_from(view)
        self.formats = formats
        self.identity = ElfIdentity(machine, bits, BYTE_ORDER_NAMES[order], flags)
        is_loaded = self.type in (ET_EXEC, ET_DYN)
        self.segments = self._read_segments(segment_offset, segment_size, segment_count) if is_loaded else ()
        self._by_type: dict[int, list[SegmentView]] = {}
        for segment in self.segments:
            self._by_type.setdefault(segment.type, []).append(segment)
        self.loads = self.segments_of_type(PT_LOAD)
        self._memory: Memory | None = None
        for load in self.loads:
            # The loader looks at no more of file_size than where zeros begin; what is larger than the memory is a lie.
            if 0 < load.file_size <= load.memory_size and load.offset + load.file_size > self.size:
                raise ElfError("load segment runs past the end of the file", offset=load.offset)

    def _read_segments(self, offset: int, size: int, count: int) -> tuple[SegmentView, ...]:
        layout, in_order = self.formats.segment, self.formats.segment_order
        if not count:
            return ()
        if size != layout.size:
            raise ElfError(f"program headers of {size} bytes, not {layout.size}")
        if offset + size * count > self.size:
            raise ElfError("program headers run past the end of the file", offset=offset)
        table = self.bytes_at(offset, offset + size * count)
        rows = layout.iter_unpack(table)
        return tuple(map(SegmentView._make, map(in_order, rows) if in_order else rows))

    def segments_of_type(self, wanted: int) -> tuple[SegmentView, ...]:
        """Return the segments of the type *wanted*, in the file's order."""
        return tuple(self._by_type.get(wanted, ()))

    @property
    def memory(self) -> Memory:
        """What lies where once it is mapped; raises ``ElfError`` where it cannot be."""
        if self._memory is None:
            self._memory = Memory(self.loads, self.size, self.identity.bits)
        return self._memory

    def file_range(self, address: int) -> tuple[int, int]:
        """
        Return where *address* lies in the file, and where what is mapped with it ends there.

        Raises ``ElfError`` if no bytes of the file are there.
        """
        piece = self.memory.piece_at(address)
        if piece is None or piece.offset is None or not piece.flags & ANY_ACCESS:
            raise ElfError(f"no load segment has bytes for address {address:#x}")
        return piece.offset + address - piece.start, piece.offset + piece.end - piece.start

    def rest(self, address: int) -> memoryview:
        """Return the bytes from *address* to the end of what is mapped with it."""
        start, end = self.file_range(address)
        return self.bytes_at(start, end)

    def window(self, address: int, size: int) -> memoryview:
        """Return the *size* bytes at *address*, fewer where what is mapped with it ends."""
        start, end = self.file_range(address)
        return self.bytes_at(start, min(end, start + size))

    def span(self, address: int, size: int, what: str) -> memoryview:
        """Return the *size* bytes at *address*; *what* names them if they run out of what is mapped."""
        start, end = self.file_range(address)
        if size <= end - start:
            return self.bytes_at(start, start + size)
        if size > self.size or not self.memory.allows(address, size, ANY_ACCESS):
            raise ElfError(f"{what} of {size} bytes runs past the end of its segment", offset=start)
        return self._readable(address, size)

    def _readable(self, address: int, size: int) -> memoryview:
        """Return the *size* bytes at *address*, zeros of no file included, fewer where what can be read ends."""
        piece = self.memory.piece_at(address)
        if piece is not None and piece.offset is not None and address + size <= piece.end and piece.flags & ANY_ACCESS:
            start = piece.offset + address - piece.start
            return self.bytes_at(start, start + size)
        return memoryview(b"".join(map(self._bytes_of, self._cut(address, size))))

    def _cut(self, address: int, size: int) -> Iterator[Piece]:
        """Yield what lies in the *size* bytes at *address*, as far as it can be read."""
        for piece in self.memory.run(address):
            if piece.start >= address + size:
                return
            yield piece.cut(address, address + size)

    def _bytes_of(self, piece: Piece) -> bytes:
        size = piece.end - piece.start
        return bytes(size) if piece.offset is None else bytes(self.bytes_at(piece.offset, piece.offset + size))

    def dynamic_entries(self) -> list[tuple[int, int]]:
        """
        Return the ``(tag, value)`` pairs of the dynamic segment, up to ``DT_NULL``; none without such a segment.

        As in the loader, its address decides, not its offset, and ``DT_NULL`` ends it, not its size.
        """
        dynamic = self.segments_of_type(PT_DYNAMIC)
        if not dynamic or self._is_zero_filled(dynamic[-1].address):
            return []
        layout = self.formats.dynamic
        address, most = dynamic[-1].address, layout.size * MOST_DYNAMIC_ENTRIES
        if self.memory.piece_at(address) is None:
            raise ElfError(f"no load segment has bytes for address {address:#x}")
        for size in (min(dynamic[-1].file_size, most), most):  # nobody asks for the rest if these will do
            table = self._readable(address, size)
            entries = list(layout.iter_unpack(table[: len(table) // layout.size * layout.size]))
            tags = [tag for tag, _ in entries]
            if 0 in tags:
                return entries[: tags.index(0)]
        raise ElfError("dynamic segment has no end")

    def _is_zero_filled(self, address: int) -> bool:
        """Say whether *address* is in memory that has no bytes in the file, as all is in split debug information."""
        return any(load.file_size <= address - load.address < load.memory_size for load in self.loads)


def in_native_order(words: "array[int]", order: str) -> "array[int]":
    """Return *words*, which were taken from a file of the byte order *order*, with their values: swapped in place."""
    if BYTE_ORDER_NAMES[order] != byteorder:
        words.byteswap()
    return words


def is_elf(data: bytes | memoryview) -> bool:
    r"""
    Say whether *data* begins like an ELF file, of whatever kind.

    >>> is_elf(b"\x7fELF"), is_elf(b"PK\x03\x04"), is_elf(b"")
    (True, False, False)
    """
    return bytes(data[:4]) == MAGIC
