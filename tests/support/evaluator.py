"""
What a loader makes of a library in memory: its segments, with all relocations applied as musl 1.2.4 applies them.

Read by pyelftools, so independent of our own reading. A relocation against a symbol is not resolved: it leaves a value
that is a function of symbol, type, addend, and of what it found there.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

BASE = 0x40000000
# Relocations of a symbol's address alone: in a REL table, what they find in place is no addend (GLOB_DAT, JUMP_SLOT).
WITHOUT_ADDEND = {3: (6, 7), 40: (21, 22)}
RELATIVE = {62: 8, 3: 8, 183: 1027, 40: 23, 21: 22, 22: 12, 243: 3, 258: 3}


@dataclass(frozen=True, slots=True)
class Applied:
    """One relocation, in the order of application; *addend* is None where the word in place is it."""

    address: int
    type: int
    symbol: str
    addend: int | None
    is_packed: bool = False


class Evaluation:
    """The memory of one library, loaded at ``BASE``."""

    def __init__(self, data: bytes) -> None:
        elf = ELFFile(BytesIO(data))
        self._word = struct.Struct(("<" if elf.little_endian else ">") + ("Q" if elf.elfclass == 64 else "I"))
        self._relative = RELATIVE[_machine(data)]
        self.segments: dict[int, bytearray] = {}
        for segment in elf.iter_segments("PT_LOAD"):
            header = segment.header
            content = data[header.p_offset : header.p_offset + header.p_filesz]
            self.segments[header.p_vaddr] = bytearray(content.ljust(header.p_memsz, b"\0"))
        self.relocations = tuple(_relocations(elf, _machine(data)))
        for relocation in self.relocations:
            self._apply(relocation)

    def word(self, address: int) -> int:
        """Return the word at *address*."""
        value: int = self._word.unpack_from(*self._place(address))[0]
        return value

    def _place(self, address: int) -> tuple[bytearray, int]:
        for start, content in self.segments.items():
            if start <= address and address + self._word.size <= start + len(content):
                return content, address - start
        raise IndexError(hex(address))

    def _apply(self, relocation: Applied) -> None:
        content, offset = self._place(relocation.address)
        found = self._word.unpack_from(content, offset)[0]
        addend = found if relocation.addend is None else relocation.addend
        if relocation.is_packed or relocation.type == self._relative:
            value = BASE + addend
        else:
            value = zlib.crc32(repr((relocation.symbol, relocation.type, addend)).encode())
        self._word.pack_into(content, offset, value % (1 << 8 * self._word.size))


def differences(before: Evaluation, after: Evaluation) -> Iterator[int]:
    """Yield the addresses of *before* at which *after* has another byte, or none."""
    for start, content in before.segments.items():
        twin = after.segments.get(start, bytearray())
        if content == twin[: len(content)]:
            continue
        for index, byte in enumerate(content):
            if index >= len(twin) or twin[index] != byte:
                yield start + index


def _machine(data: bytes) -> int:
    number: int = struct.unpack_from("<H" if data[5] == 1 else ">H", data, 18)[0]
    return number


def _relocations(elf: ELFFile, machine: int) -> Iterator[Applied]:
    dynamic = next(segment for segment in elf.iter_segments("PT_DYNAMIC") if isinstance(segment, DynamicSegment))
    tables = dynamic.get_relocation_tables()
    for name in ("JMPREL", "REL", "RELA"):
        for relocation in tables[name].iter_relocations() if name in tables else ():
            symbol = dynamic.get_symbol(relocation["r_info_sym"]).name if relocation["r_info_sym"] else ""
            kind = relocation["r_info_type"]
            in_place = None if kind not in WITHOUT_ADDEND.get(machine, ()) else 0
            addend = relocation["r_addend"] if relocation.is_RELA() else in_place
            yield Applied(relocation["r_offset"], kind, symbol, addend)
    for relocation in tables["RELR"].iter_relocations() if "RELR" in tables else ():
        yield Applied(relocation["r_offset"], 0, "", None, is_packed=True)
