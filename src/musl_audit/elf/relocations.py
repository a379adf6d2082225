"""Which relocations a file has, of which types, and which symbols they refer to."""

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from itertools import compress

from musl_audit.elf.machines import MACHINES, UNKNOWN_MACHINE
from musl_audit.elf.view import (
    BYTE_ORDER_NAMES,
    DT_JMPREL,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_REL,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELASZ,
    DT_RELCOUNT,
    DT_RELR,
    DT_RELRSZ,
    DT_RELSZ,
    ElfView,
)
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen

MOST_SYMBOLS = 1 << 24  # 400 MB of symbol table
STEP = 8192  # entries that are looked at at a time: what a processor's cache holds


@frozen
class Relocations:
    """What the relocation tables of a file say; symbols by their index, 0 for none."""

    types: frozenset[int]  # without 0, which is ignored by every loader
    symbols: Sequence[int]  # without 0, each once, sorted
    copied: frozenset[int]
    initial_exec: frozenset[int]
    initial_exec_slots: int  # how many relocations of these types there are
    thread_local: frozenset[int]  # by initial-exec or dynamic TLS
    packed: int  # bytes of the DT_RELR table


@frozen
class RelocationTable:
    """One table as the loader walks it: whole entries of *layout*, which reads r_info; *size* in bytes as declared."""

    entries: memoryview
    layout: struct.Struct
    size: int
    relative_count: int  # how many entries at the beginning are RELATIVE, by the file's own word


def relocation_tables(image: ElfView, dynamic: dict[int, int]) -> tuple[RelocationTable, ...]:
    """
    Return DT_JMPREL, DT_REL and DT_RELA, in the loader's order; raise ``ElfError`` if one leaves its segment.

    As in the loader, DT_RELAENT does not say how long an entry is, and a table without an address is at 0.
    """
    formats = image.formats
    tables = (
        (DT_JMPREL, DT_PLTRELSZ, 0, formats.rela if dynamic.get(DT_PLTREL) == DT_RELA else formats.rel),
        (DT_REL, DT_RELSZ, DT_RELCOUNT, formats.rel),
        (DT_RELA, DT_RELASZ, DT_RELACOUNT, formats.rela),
    )
    found = []
    for address_tag, size_tag, count_tag, layout in tables:
        if size := dynamic.get(size_tag, 0):
            whole = size // layout.size * layout.size
            entries = image.span(dynamic.get(address_tag, 0), whole, "relocation table")
            found.append(RelocationTable(entries, layout, size, dynamic.get(count_tag, 0)))
    return tuple(found)


def read_relocations(
    image: ElfView, dynamic: dict[int, int], tables: tuple[RelocationTable, ...] | None = None
) -> Relocations:
    """Return what the tables refer to, DT_RELR included; raise ``ElfError`` if that one leaves its segment."""
    tables = relocation_tables(image, dynamic) if tables is None else tables
    machine = MACHINES.get(image.identity.machine, UNKNOWN_MACHINE)
    shift, mask = (32, 0xFFFFFFFF) if image.identity.bits == 64 else (8, 0xFF)
    special = (machine.initial_exec | machine.dynamic_tls | {machine.copy}) - {0}  # 0: a machine that is not known
    types: set[int] = set()
    flags = bytearray(1)  # a byte for each symbol, where a set takes sixty: a library may refer to 64,000
    apart: set[tuple[int, int]] = set()  # type and symbol of those that are told apart
    for infos in _distinct_infos(image, tables, machine.relative):
        found = {info & mask for info in infos}
        types |= found
        _flag(flags, [info >> shift for info in infos if info & mask])
        if not found.isdisjoint(special):
            apart.update([(info & mask, info >> shift) for info in infos if info & mask in special])
    types.discard(0)
    packed = dynamic.get(DT_RELRSZ, 0) if DT_RELR in dynamic else 0
    if packed:
        image.span(dynamic[DT_RELR], packed, "packed relocations")
    return Relocations(
        types=frozenset(types),
        symbols=array("I", compress(range(1, len(flags)), flags[1:])),
        copied=frozenset([symbol for kind, symbol in apart if kind == machine.copy]),
        initial_exec=frozenset([symbol for kind, symbol in apart if kind in machine.initial_exec]),
        initial_exec_slots=_count(tables, machine.initial_exec, mask) if types & machine.initial_exec else 0,
        thread_local=frozenset([symbol for kind, symbol in apart if kind != machine.copy and symbol]),
        packed=packed,
    )


def _flag(flags: bytearray, symbols: list[int]) -> None:
    """Set what *flags* has for each of *symbols*; raise ``ElfError`` for one that no table can have."""
    highest = max(symbols, default=0)
    if highest > MOST_SYMBOLS:
        raise ElfError(f"a relocation refers to symbol {highest}")
    flags.extend(bytes(max(0, highest + 1 - len(flags))))
    for symbol in symbols:
        flags[symbol] = 1


def _distinct_infos(image: ElfView, tables: tuple[RelocationTable, ...], relative: int) -> Iterator[set[int]]:
    """Yield the values of r_info of all tables, by the stretch; few are distinct: all RELATIVE entries share one."""
    formats, word = image.formats, image.identity.bits // 8
    info = struct.pack(formats.order + formats.word, relative)
    for table in tables:
        size = table.layout.size
        skipped = _relative_prefix(table.entries, info, table.layout, table.relative_count)
        if skipped:
            yield {relative}
        for start in range(skipped * size, len(table.entries), STEP * size):
            # A column of an array is a third of the time of unpacking row by row.
            words = array(formats.word, table.entries[start : start + STEP * size].tobytes())
            column = words[1 :: size // word]
            if BYTE_ORDER_NAMES[formats.order] != sys.byteorder:
                column.byteswap()
            yield set(column)


def _count(tables: tuple[RelocationTable, ...], types: frozenset[int], mask: int) -> int:
    """Return how many relocations are of *types*, by the *mask* of r_info; the loader would apply each."""
    return sum(info & mask in types for table in tables for (info,) in table.layout.iter_unpack(table.entries))


def _relative_prefix(table: memoryview, relative: bytes, layout: struct.Struct, count: int) -> int:
    """
    Return *count* if that many entries at the beginning of *table* are RELATIVE without a symbol, else 0.

    The count is only a hint: glibc trusts it, musl ignores it. Compared column by column, it costs a fraction of
    unpacking every entry, and most entries of a library are such.
    """
    if not count or count * layout.size > len(table):
        return 0
    word = len(relative)
    for start in range(0, count, STEP):
        end = min(start + STEP, count)
        prefix = bytes(table[start * layout.size : end * layout.size])
        columns = (prefix[word + at :: layout.size] for at in range(word))
        if any(column.count(byte) < end - start for column, byte in zip(columns, relative, strict=True)):
            return 0
    return count
