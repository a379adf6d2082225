"""Which relocations a file has, of which types, and which symbols they refer to."""

import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import compress

from musl_audit.elf.machines import MACHINES, UNKNOWN_MACHINE
from musl_audit.elf.view import (
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
    Formats,
    in_native_order,
)
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen

MOST_SYMBOLS = 1 << 24  # 400 MB of symbol table
STEP = 8192  # entries that are looked at at a time: what a processor's cache holds


@frozen
class Relocations:
    """What the relocation tables of a file say; symbols by their index, 0 for none."""

    types: frozenset[int]  # without 0, which is ignored by every loader
    referenced: bytes  # the mask of the symbols, without 0, up to the last of them
    copied: frozenset[int]
    initial_exec: frozenset[int]
    initial_exec_slots: int  # how many relocations of these types there are
    thread_local: frozenset[int]  # by initial-exec or dynamic TLS
    packed: int  # bytes of the DT_RELR table

    @property
    def highest(self) -> int:
        """The last symbol that is referred to."""
        return max(0, len(self.referenced) - 1)


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
    special = (machine.initial_exec | machine.dynamic_tls | {machine.copy}) - {0}  # 0: a machine that is not known
    types: set[int] = set()
    flags = bytearray(1)  # a byte for each symbol, where a set takes sixty: a library may refer to 64,000
    apart: set[tuple[int, int]] = set()  # type and symbol of those that are told apart
    slots = 0
    for kinds, symbols in _columns(image, tables, machine.relative):
        found = _distinct(kinds)
        types |= found
        _flag(flags, symbols if 0 not in found else list(compress(symbols, kinds)))
        for kind in found & special:
            apart.update([(kind, symbols[at]) for at in _places(kinds, kind)])
            slots += kinds.count(kind) if kind in machine.initial_exec else 0
    types.discard(0)
    flags[0] = 0
    packed = dynamic.get(DT_RELRSZ, 0) if DT_RELR in dynamic else 0
    if packed:
        image.span(dynamic[DT_RELR], packed, "packed relocations")
    return Relocations(
        types=frozenset(types),
        referenced=bytes(flags.rstrip(b"\0")),
        copied=frozenset([symbol for kind, symbol in apart if kind == machine.copy]),
        initial_exec=frozenset([symbol for kind, symbol in apart if kind in machine.initial_exec]),
        initial_exec_slots=slots,
        thread_local=frozenset([symbol for kind, symbol in apart if kind != machine.copy and symbol]),
        packed=packed,
    )


def _places(kinds: Sequence[int], kind: int) -> Iterator[int]:
    """Yield where *kind* is among *kinds*, of which it is mostly a few."""
    at = -1
    for _ in range(kinds.count(kind)):
        at = kinds.index(kind, at + 1)
        yield at


def _distinct(kinds: "array[int]") -> set[int]:
    """Return the set of *kinds*, of which a table that binds functions has only one."""
    first = kinds[:1]
    return set(first if first.tobytes() * len(kinds) == kinds.tobytes() else kinds)


def _flag(flags: bytearray, symbols: Sequence[int]) -> None:
    """Set what *flags*, which grows, has for each of *symbols*; raise ``ElfError`` for one that no table can have."""
    ahead = iter(symbols)
    symbol = 0
    while True:
        try:
            for symbol in ahead:
                flags[symbol] = 1
        except IndexError:
            if symbol > MOST_SYMBOLS:
                raise ElfError(f"a relocation refers to symbol {max(symbols)}") from None
            flags.extend(bytes(max(symbol + 1, 2 * len(flags)) - len(flags)))
            flags[symbol] = 1
        else:
            return


def _columns(
    image: ElfView, tables: tuple[RelocationTable, ...], relative: int
) -> "Iterator[tuple[array[int], Sequence[int]]]":
    """Yield type and symbol of the entries of all tables, by the stretch; of many RELATIVE entries in a row one."""
    formats = image.formats
    for table in tables:
        size = table.layout.size
        skipped = _relative_prefix(table, formats, relative)
        if skipped:
            yield array("I", (relative,)), (0,)
        for start in range(skipped * size, len(table.entries), STEP * size):
            yield _halves(table.entries[start : start + STEP * size].tobytes(), size, formats)


def _halves(rows: bytes, size: int, formats: Formats) -> "tuple[array[int], Sequence[int]]":
    """Return the two parts of r_info of each of *rows*: columns of an array take a third of unpacking row by row."""
    words = in_native_order(array("I", rows), formats.order)
    step = size // words.itemsize
    if formats.word == "I":
        infos = words[1::step]
        return array("B", [info & 0xFF for info in infos]), [info >> 8 for info in infos]
    low, high = (2, 3) if formats.order == "<" else (3, 2)
    return words[low::step], words[high::step]


def _relative_prefix(table: RelocationTable, formats: Formats, relative: int) -> int:
    """
    Return how many entries at the beginning of *table* are RELATIVE without a symbol by its own word, if they are.

    The count is only a hint: glibc trusts it, musl ignores it. Compared at once, they cost a fraction of being looked
    at one by one, and most entries of a library are such.
    """
    entries, count, size = table.entries, table.relative_count, table.layout.size
    if not count or count * size > len(entries):
        return 0
    info = struct.pack(formats.order + formats.word, relative)
    step = size // len(info)
    for start in range(0, count, STEP):
        end = min(start + STEP, count)
        infos = array(formats.word, entries[start * size : end * size].tobytes())[1::step]
        if infos.tobytes() != info * (end - start):
            return 0
    return count
