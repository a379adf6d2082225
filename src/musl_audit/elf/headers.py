"""The headers of an ELF file as values: field by field, for either class and byte order."""

import struct
from typing import Self

from musl_audit.frozen import frozen, replace

PT_NULL, PT_PHDR = 0, 6
PF_X, PF_R = 1, 4
SHF_WRITE, SHF_ALLOC = 1, 2
SHT_NULL, SHT_NOBITS = 0, 8


@frozen
class Format:
    """How a class and byte order lay out their structures; *order* is the ``struct`` prefix."""

    bits: int
    order: str

    @property
    def word_size(self) -> int:
        """4 or 8 bytes, the size of an address."""
        return self.bits // 8

    def structure(self, codes: str) -> struct.Struct:
        """
        Return the structure of *codes*, where ``w`` is a native word and ``v`` a signed one.

        >>> Format(32, ">").structure("Hw").format
        '>HI'
        """
        word, signed = ("Q", "q") if self.bits == 64 else ("I", "i")
        return struct.Struct(self.order + codes.replace("w", word).replace("v", signed))

    @property
    def header(self) -> struct.Struct:
        """The ELF header behind ``e_ident``."""
        return self.structure("HHIwwwIHHHHHH")

    @property
    def segment(self) -> struct.Struct:
        """One program header; the place of ``p_flags`` depends on the class."""
        return self.structure("IIwwwwww" if self.bits == 64 else "IIIIIIII")

    @property
    def section(self) -> struct.Struct:
        """One section header."""
        return self.structure("IIwwwwIIww")

    @property
    def dynamic_entry(self) -> struct.Struct:
        """One entry of the dynamic section."""
        return self.structure("ww")


@frozen
class Header:
    """The ELF header behind ``e_ident``, field by field."""

    type: int
    machine: int
    version: int
    entry: int
    segments_offset: int
    sections_offset: int
    flags: int
    header_size: int
    segment_size: int
    segment_count: int
    section_size: int
    section_count: int
    names_index: int


@frozen
class Segment:
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    physical_address: int
    file_size: int
    memory_size: int
    align: int

    @property
    def file_end(self) -> int:
        """The offset behind the last byte taken from the file."""
        return self.offset + self.file_size

    @property
    def memory_end(self) -> int:
        """The address behind the last byte in memory."""
        return self.address + self.memory_size

    def shifted(self, delta_offset: int, delta_address: int) -> Self:
        """Return the same segment somewhere else."""
        address = self.address + delta_address
        physical = address if self.physical_address == self.address else self.physical_address
        return replace(self, offset=self.offset + delta_offset, address=address, physical_address=physical)


@frozen
class Section:
    """A section header."""

    name_offset: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int

    @property
    def is_loaded(self) -> bool:
        """Whether its bytes are part of the memory image and of the file."""
        return bool(self.flags & SHF_ALLOC) and self.type not in (SHT_NULL, SHT_NOBITS)

    @property
    def has_bytes(self) -> bool:
        """Whether it takes room in the file."""
        return self.type not in (SHT_NULL, SHT_NOBITS) and self.size > 0

    @property
    def file_end(self) -> int:
        """The offset behind its last byte, if it takes room in the file."""
        return self.offset + self.size


@frozen
class Region:
    """A stretch of memory: none where *size* is 0."""

    address: int
    size: int

    @property
    def end(self) -> int:
        """The address behind the last byte."""
        return self.address + self.size

    def overlaps(self, other: Self) -> bool:
        """Tell whether the two share a byte."""
        return self.address < other.end and other.address < self.end and self.size > 0 < other.size
