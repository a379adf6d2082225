"""The dynamic symbol table: what a file asks for and what it offers, as musl's loader sees it."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from musl_audit.elf.layout import DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM, EM_S390, Image
from musl_audit.elf.relocations import Relocations
from musl_audit.elf.strings import StringTable
from musl_audit.errors import ElfError
from musl_audit.model import Symbol

STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE = 1, 2, 10
STT_TLS, STT_GNU_IFUNC = 6, 10
BINDINGS = (STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE)
TYPE_NAMES = {0: "notype", 1: "object", 2: "func", 3: "section", 4: "file", 5: "common", 6: "tls", 10: "ifunc"}

# Values of st_info. find_sym of the loader takes these as definitions and passes over all others.
ACCEPTED = frozenset(binding << 4 | kind for binding in BINDINGS for kind in (0, 1, 2, 5, 6))
TLS = frozenset(binding << 4 | STT_TLS for binding in BINDINGS)
IFUNCS = frozenset(binding << 4 | STT_GNU_IFUNC for binding in BINDINGS)


class SymbolFacts(NamedTuple):
    """What the symbol table says, in the words of ``ElfFacts``."""

    undefined: tuple[Symbol, ...]
    defined: frozenset[str]
    referenced_definitions: frozenset[str]
    hidden_versions: frozenset[str]
    ifuncs: frozenset[str]
    copied: frozenset[str]
    initial_exec: frozenset[str]
    has_hash_table: bool


def read_symbols(image: Image, dynamic: dict[int, int], strings: StringTable, relocations: Relocations) -> SymbolFacts:
    """Return the facts of the dynamic symbol table; raise ``ElfError`` if a table leaves its segment."""
    count = symbol_count(image, dynamic, max(relocations.symbols, default=0))
    referenced = relocations.symbols
    undefined: list[Symbol] = []
    defined: set[str] = set()
    referenced_definitions: set[str] = set()
    hidden: set[str] = set()
    ifuncs: set[str] = set()
    names: dict[int, str] = {}  # of the symbols that relocations refer to, "" for local ones
    is_hidden = _hidden_bits(image, dynamic, count)
    for index, (name_offset, kind, section, value) in enumerate(_raw_symbols(image, dynamic, count)):
        binding = kind >> 4
        if binding not in BINDINGS:
            continue
        name = strings[name_offset]
        is_referenced = index in referenced
        if is_referenced:
            names[index] = name
        if not section:
            type_name = TYPE_NAMES.get(kind & 15, "other")
            undefined.append(Symbol(name, binding == STB_WEAK, type_name, is_referenced))
            continue
        if is_referenced:
            referenced_definitions.add(name)
        if is_hidden is not None and is_hidden[index]:
            hidden.add(name)
        elif kind in IFUNCS:
            ifuncs.add(name)
        elif kind in ACCEPTED and (value or kind in TLS):
            defined.add(name)
    return SymbolFacts(
        undefined=tuple(undefined),
        defined=frozenset(defined),
        referenced_definitions=frozenset(referenced_definitions),
        hidden_versions=frozenset(hidden - defined),
        ifuncs=frozenset(ifuncs),
        copied=frozenset(names.get(index, "") for index in relocations.copied) - {""},
        initial_exec=frozenset(names.get(index, "") for index in relocations.initial_exec),
        has_hash_table=DT_HASH in dynamic or DT_GNU_HASH in dynamic,
    )


def _raw_symbols(image: Image, dynamic: dict[int, int], count: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield ``(name offset, st_info, st_shndx, st_value)`` of each symbol."""
    layout = image.formats.symbol
    if not count:
        return iter(())
    if DT_SYMTAB not in dynamic:
        raise ElfError(f"no symbol table, but {count} symbols")
    table = image.span(dynamic[DT_SYMTAB], count * layout.size, "symbol table")
    if image.identity.bits == 64:
        return layout.iter_unpack(table)
    return ((name, kind, section, value) for name, value, kind, section in layout.iter_unpack(table))


def _hidden_bits(image: Image, dynamic: dict[int, int], count: int) -> list[int] | None:
    """Return bit 15 of the version of each symbol, not 0 where it is set; ``None`` where all are clear."""
    if DT_VERSYM not in dynamic or not count:
        return None
    versions = bytes(image.span(dynamic[DT_VERSYM], 2 * count, "symbol versions"))
    high_bytes = versions[1::2] if image.formats.order == "<" else versions[::2]
    if max(high_bytes) < 0x80:
        return None
    return [byte & 0x80 for byte in high_bytes]


def symbol_count(image: Image, dynamic: dict[int, int], highest: int) -> int:
    """
    Return how many symbols the dynamic symbol table has, of which *highest* is the last that a relocation refers to.

    The table says nothing about its own length; the hash tables do. Only exports are in ``DT_GNU_HASH``, at the end
    of the table: without any, and without a hash table at all, what relocations refer to is what there is.
    """
    if DT_HASH in dynamic:
        count = _hash_count(image, dynamic[DT_HASH])
    elif DT_GNU_HASH in dynamic:
        count, has_exports = _gnu_hash_count(image, dynamic[DT_GNU_HASH])
        if not has_exports:
            return max(count, highest + 1)
    else:
        return highest + 1 if highest else 0
    if highest >= count:
        raise ElfError(f"a relocation refers to symbol {highest} of {count}")
    return count


def _hash_count(image: Image, address: int) -> int:
    """
    Return the number of chains of ``DT_HASH``, one for each symbol.

    On 64-bit s390x its words have 64 bits by the psABI (read so since musl 1.1.16); some linkers write 32 all the same.
    """
    words = ["I"]
    if image.identity.machine == EM_S390 and image.identity.bits == 64:
        words.insert(0, "Q")
    table = image.rest(address)
    for word in words:
        layout = struct.Struct(f"{image.formats.order}2{word}")
        if len(table) < layout.size:
            continue
        buckets, chains = layout.unpack_from(table)
        if layout.size // 2 * (2 + buckets + chains) <= len(table):
            return int(chains)
    raise ElfError("hash table runs past the end of its segment", offset=image.file_range(address)[0])


def _gnu_hash_count(image: Image, address: int) -> tuple[int, bool]:
    """Return the number of symbols that ``DT_GNU_HASH`` reaches, and whether any of them is hashed."""
    order = image.formats.order
    table = image.rest(address)
    if len(table) < 16:
        raise ElfError("GNU hash table runs past the end of its segment")
    bucket_count, first, bloom_size, _ = struct.unpack_from(f"{order}4I", table)
    buckets_start = 16 + bloom_size * (image.identity.bits // 8)
    chains_start = buckets_start + 4 * bucket_count
    if chains_start > len(table):
        raise ElfError("GNU hash table runs past the end of its segment")
    last = max(struct.unpack_from(f"{order}{bucket_count}I", table, buckets_start), default=0)
    if last < first or not last:
        return first, False
    chains = table[chains_start + 4 * (last - first) :]
    for (value,) in struct.iter_unpack(f"{order}I", chains[: len(chains) & ~3]):
        last += 1
        if value & 1:
            return last, True
    raise ElfError("GNU hash chain has no end")
