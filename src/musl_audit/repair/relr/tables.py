"""The relocation tables of a file: what they hold, and the table that replaces the packed one."""

import struct
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from musl_audit.elf.headers import Format, Region
from musl_audit.elf.image import Image
from musl_audit.elf.machines import MACHINES, Machine
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
    DT_SYMTAB,
)
from musl_audit.errors import ElfError, UnpackError
from musl_audit.frozen import frozen
from musl_audit.repair.relr.decode import count_addresses, table_words, unpack_addresses

DT_RELAENT, DT_RELENT, DT_RELRENT = 9, 19, 37
SHT_RELA, SHT_REL = 4, 9


class Relocation(NamedTuple):
    """An entry of a RELA or REL table; *info* holds type and symbol, *addend* is 0 in a REL table."""

    address: int
    info: int
    addend: int = 0


@frozen
class TableTags:
    """The tags, entry and section type of one kind of table."""

    table: int
    size: int
    entry_size: int
    count: int
    codes: str
    section_type: int

    def entry(self, form: Format) -> struct.Struct:
        """Return the layout of one entry."""
        return form.structure(self.codes)


RELA = TableTags(DT_RELA, DT_RELASZ, DT_RELAENT, DT_RELACOUNT, "wwv", SHT_RELA)
REL = TableTags(DT_REL, DT_RELSZ, DT_RELENT, DT_RELCOUNT, "ww", SHT_REL)


@frozen
class Tables:
    """
    All that a file asks the loader to relocate.

    *plain* are the entries of the table that unpacking replaces, *rest* all others that the loader applies: those of
    ``DT_JMPREL``, and those of a REL table beside RELA or the other way round.
    """

    machine: Machine
    tags: TableTags
    packed: tuple[int, ...]
    plain: tuple[Relocation, ...]
    rest: tuple[Relocation, ...]
    packed_region: Region
    plain_region: Region  # without the tail that DT_JMPREL names

    def is_relative(self, relocation: Relocation, form: Format) -> bool:
        """Tell whether *relocation* adds the load address and nothing else."""
        return relocation_type(relocation.info, form) == self.machine.relative


def relocation_type(info: int, form: Format) -> int:
    """Return the type in ``r_info``: its low 32 bits in 64-bit files, its low 8 in others."""
    return info & (0xFFFFFFFF if form.bits == 64 else 0xFF)


def symbol_index(info: int, form: Format) -> int:
    """Return the index into the symbol table in ``r_info``."""
    return info >> (32 if form.bits == 64 else 8)


def dynamic_values(image: Image) -> dict[int, int]:
    """Return the dynamic section as a mapping; raise where a tag that unpacking depends on is there twice."""
    entries = image.dynamic_entries()
    values = dict(entries)
    if len(values) == len(entries):
        return values
    for tag in _SINGLE_TAGS:
        if sum(entry[0] == tag for entry in entries) > 1:
            raise UnpackError(f"the dynamic tag {tag:#x} is there twice")
    return values


def read_tables(image: Image) -> Tables:
    """Return what *image* asks the loader to relocate; raise ``UnpackError`` where its tables contradict themselves."""
    machine = MACHINES.get(image.header.machine)
    if machine is None or machine.bits != image.format.bits:
        raise UnpackError(f"packed relocations of machine {image.header.machine} are not known")
    tags, other = (RELA, REL) if machine.has_addends else (REL, RELA)
    values = dynamic_values(image)
    procedure_tags = RELA if values.get(DT_PLTREL) == DT_RELA else REL
    procedure_region = Region(values.get(DT_JMPREL, 0), values.get(DT_PLTRELSZ, 0) if DT_JMPREL in values else 0)
    plain_region = _without_tail(_table_region(image, values, tags), procedure_region)
    other_region = _without_tail(_table_region(image, values, other), procedure_region)
    rest = [*_entries(image, other, other_region), *_entries(image, procedure_tags, procedure_region)]
    packed_region = _packed_region(image, values)
    return Tables(
        machine=machine,
        tags=tags,
        packed=tuple(_packed_addresses(image, packed_region)),
        plain=tuple(_entries(image, tags, plain_region)),
        rest=tuple(rest),
        packed_region=packed_region,
        plain_region=plain_region,
    )


def unpacked_table(image: Image, tables: Tables) -> tuple[bytes, int]:
    """
    Return the table that stands for all of *tables* but the rest, and how many of its entries are relative.

    The relative ones come first, by address, as linkers sort them (glibc trusts ``DT_RELACOUNT``); the others keep
    their order. A relocation that was packed gets the word stored at its address as addend.
    """
    info = tables.machine.relative
    relative = [entry for entry in tables.plain if tables.is_relative(entry, image.format)]
    others = [entry for entry in tables.plain if not tables.is_relative(entry, image.format)]
    addends = stored_words(image, tables.packed) if tables.machine.has_addends else [0] * len(tables.packed)
    relative += [Relocation(address, info, addend) for address, addend in zip(tables.packed, addends, strict=True)]
    relative.sort(key=lambda entry: entry.address)
    return pack_entries([*relative, *others], tables.tags, image.format), len(relative)


def pack_entries(relocations: Iterable[Relocation], tags: TableTags, form: Format) -> bytes:
    """Return the bytes of a table of *relocations*."""
    entry = tags.entry(form)
    if tags is RELA:
        return b"".join(entry.pack(*relocation) for relocation in relocations)
    return b"".join(entry.pack(relocation.address, relocation.info) for relocation in relocations)


def stored_words(image: Image, addresses: Iterable[int]) -> list[int]:
    """Return the signed word stored at each of *addresses*, 0 in ``.bss``; the segments must be in order."""
    word = image.format.structure("v")
    loads = image.loads
    starts = [load.address for load in loads]
    found: list[int] = []
    for address in addresses:
        load = loads[max(bisect_right(starts, address) - 1, 0)]
        start = load.offset + address - load.address
        content = image.content[start : max(min(start + word.size, load.file_end), start)]
        found.append(word.unpack(content.ljust(word.size, b"\0"))[0])
    return found


_SINGLE_TAGS = (
    *(DT_PLTRELSZ, DT_RELA, DT_RELASZ, DT_RELAENT, DT_REL, DT_RELSZ, DT_RELENT, DT_PLTREL, DT_JMPREL),
    *(DT_RELRSZ, DT_RELR, DT_RELRENT, DT_RELACOUNT, DT_RELCOUNT, DT_SYMTAB),
)


def _table_region(image: Image, values: dict[int, int], tags: TableTags) -> Region:
    if tags.table not in values:
        return Region(0, 0)
    size, expected = values.get(tags.size, 0), tags.entry(image.format).size
    if values.get(tags.entry_size, expected) != expected:
        raise UnpackError(f"relocation entries of {values[tags.entry_size]} bytes, expected {expected}")
    return Region(values[tags.table], size)


def _without_tail(table: Region, tail: Region) -> Region:
    """Return *table* without *tail* where that is its end, as some linkers count ``DT_JMPREL`` twice."""
    if not table.overlaps(tail):
        return table
    if table.end != tail.end or tail.address < table.address:
        raise UnpackError("the tables of DT_JMPREL and of other relocations overlap")
    return Region(table.address, tail.address - table.address)


def _entries(image: Image, tags: TableTags, region: Region) -> Iterable[Relocation]:
    if not region.size:
        return ()
    entry = tags.entry(image.format)
    if region.size % entry.size:
        raise UnpackError(f"a relocation table of {region.size} bytes, not a multiple of {entry.size}")
    offset = image.offset_of(region.address, region.size, "relocation table")
    table = image.slice(offset, region.size, "relocation table")
    return [Relocation(*row) for row in entry.iter_unpack(table)]


def _packed_region(image: Image, values: dict[int, int]) -> Region:
    if DT_RELR not in values:
        return Region(0, 0)
    if DT_RELRSZ not in values:
        raise UnpackError("DT_RELR without DT_RELRSZ")
    if values.get(DT_RELRENT, image.format.word_size) != image.format.word_size:
        raise UnpackError(f"packed relocations of {values[DT_RELRENT]} bytes, expected {image.format.word_size}")
    return Region(values[DT_RELR], values[DT_RELRSZ])


def _packed_addresses(image: Image, region: Region) -> list[int]:
    if not region.size:
        return []
    word_size = image.format.word_size
    offset = image.offset_of(region.address, region.size, "packed table")
    table = image.slice(offset, region.size, "packed table")
    words = table_words(table, word_size=word_size, order=image.format.order)
    # 8 bytes can claim 63 addresses. Each is a word of its own, and few of them lie in .bss.
    if count_addresses(words) * word_size > len(image.content):
        raise UnpackError("the packed table claims more addresses than the file has words")
    try:
        return unpack_addresses(words, word_size=word_size)
    except ElfError as error:
        raise UnpackError(str(error)) from error
