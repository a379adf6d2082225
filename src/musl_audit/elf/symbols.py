"""The dynamic symbol table, as musl's loader finds it: how long it is, and its columns."""

import struct
from array import array

from musl_audit.elf.machines import EM_S390
from musl_audit.elf.masks import either, table_of
from musl_audit.elf.relocations import Relocations
from musl_audit.elf.view import DT_GNU_HASH, DT_HASH, DT_SYMTAB, DT_VERSYM, GNU_HASH_HEADER, ElfView, in_native_order
from musl_audit.errors import ElfError
from musl_audit.frozen import frozen

Dynamic = dict[int, int]  # the dynamic entries by tag

STT_TLS, STT_GNU_IFUNC = 6, 10
IS_SET, HAS_HIGH_BIT = table_of(range(1, 256)), table_of(range(128, 256))
CHAIN_WINDOW = 256  # bytes of a chain that are read at a time: most are shorter


_NONE = array("I")


@frozen
class SymbolColumns:
    """The symbol table by columns: all that names are looked up with, once the bytes of the file are gone."""

    names: "array[int]" = _NONE  # where each name begins in the string table
    kinds: bytes = b""  # st_info: binding and type
    placed: bytes = b""  # a mask, as all that follow: those in a section, which are defined
    valued: bytes = b""  # those whose value is not 0
    referenced: bytes = b""  # those that a relocation refers to
    hidden: bytes = b""  # those with bit 15 of their version set, another is the default of that name; empty for none


def read_symbols(image: ElfView, dynamic: Dynamic, relocations: Relocations) -> SymbolColumns:
    """Return the dynamic symbol table; raise ``ElfError`` if it leaves its segment."""
    count = symbol_count(image, dynamic, relocations.highest)
    if not count:
        return SymbolColumns()
    layout = image.formats.symbol
    if DT_SYMTAB not in dynamic:
        raise ElfError(f"{count} symbols, but no symbol table")
    table = image.span(dynamic[DT_SYMTAB], count * layout.size, "symbol table")
    hidden = _hidden_symbols(image, dynamic, count)
    # Column by column, each a slice with a step: a twentieth of the time of unpacking row by row.
    rows = bytes(table)
    if image.identity.bits == 64:
        names, kinds = _column(rows, image, 0, 6), rows[4::24]
        placed, valued = _not_zero(rows, range(6, 8), 24), _not_zero(rows, range(8, 16), 24)
    else:
        names, kinds = _column(rows, image, 0, 4), rows[12::16]
        placed, valued = _not_zero(rows, range(14, 16), 16), _not_zero(rows, range(4, 8), 16)
    referenced = relocations.referenced.ljust(count, b"\0")
    return SymbolColumns(names, kinds, placed, valued, referenced, hidden)


def _not_zero(rows: bytes, places: range, step: int) -> bytes:
    """Return the mask of those of *rows* that have anything but 0 in the bytes at *places*."""
    return either(*[rows[place::step] for place in places]).translate(IS_SET)


def _column(rows: bytes, image: ElfView, first: int, step: int) -> "array[int]":
    """Return every *step*-th of the words of 32 bits of *rows* from the *first* on."""
    return in_native_order(array("I", rows)[first::step], image.formats.order)


def _hidden_symbols(image: ElfView, dynamic: Dynamic, count: int) -> bytes:
    """Return the mask of the symbols with bit 15 of their version set, empty where there are none."""
    if DT_VERSYM not in dynamic:
        return b""
    versions = bytes(image.span(dynamic[DT_VERSYM], 2 * count, "symbol versions"))
    high_bytes = versions[1::2] if image.formats.order == "<" else versions[::2]
    return b"" if high_bytes.isascii() else high_bytes.translate(HAS_HIGH_BIT)


def symbol_count(image: ElfView, dynamic: Dynamic, highest: int) -> int:
    """
    Return how many symbols the dynamic symbol table has, of which *highest* is the last that a relocation refers to.

    The table says nothing about its own length; the hash tables do. Only exports are in ``DT_GNU_HASH``, at the end
    of the table: without any, and without a hash table at all, what relocations refer to is what there is.
    """
    count = _count_of_all(image, dynamic)
    if count is not None and (highest < count or DT_GNU_HASH not in dynamic):
        pass
    elif DT_GNU_HASH in dynamic:
        count, has_exports = _gnu_hash_count(image, dynamic[DT_GNU_HASH])
        if not has_exports:
            return max(count, highest + 1)
    else:
        return highest + 1 if highest else 0
    if highest >= count:
        raise ElfError(f"a relocation refers to symbol {highest} of {count}")
    return count


def _count_of_all(image: ElfView, dynamic: Dynamic) -> int | None:
    """Return what DT_HASH says; None without one, or where it cannot be read and the loader, with another, does not."""
    if DT_HASH not in dynamic:
        return None
    try:
        return _hash_count(image, dynamic[DT_HASH])
    except ElfError:
        if DT_GNU_HASH in dynamic:
            return None
        raise


def _hash_count(image: ElfView, address: int) -> int:
    """
    Return the number of chains of ``DT_HASH``, one for each symbol.

    On 64-bit s390x its words have 64 bits by the psABI (read so since musl 1.1.16); some linkers write 32 all the same.
    """
    words = ["I"]
    if image.identity.machine == EM_S390 and image.identity.bits == 64:
        words.insert(0, "Q")
    start, end = image.file_range(address)
    for word in words:
        layout = struct.Struct(f"{image.formats.order}2{word}")
        if start + layout.size > end:
            continue
        buckets, chains = layout.unpack(image.bytes_at(start, start + layout.size))
        if layout.size // 2 * (2 + buckets + chains) <= end - start:
            return int(chains)
    raise ElfError("hash table runs past the end of its segment", offset=start)


def _gnu_hash_count(image: ElfView, address: int) -> tuple[int, bool]:
    """Return the number of symbols that ``DT_GNU_HASH`` reaches, and whether any of them is hashed."""
    start, end = image.file_range(address)
    if start + GNU_HASH_HEADER > end:
        raise ElfError("GNU hash table runs past the end of its segment")
    header = bytes(image.bytes_at(start, start + GNU_HASH_HEADER))
    bucket_count, first, bloom_size, _ = _column(header, image, 0, 1)
    buckets = start + GNU_HASH_HEADER + bloom_size * (image.identity.bits // 8)
    chains = buckets + 4 * bucket_count
    if chains > end:
        raise ElfError("GNU hash table runs past the end of its segment")
    last = max(_column(bytes(image.bytes_at(buckets, chains)), image, 0, 1), default=0)
    if last < first or not last:
        return first, False
    for at in range(chains + 4 * (last - first), end - 3, CHAIN_WINDOW):
        window = image.bytes_at(at, min(at + CHAIN_WINDOW, end))
        for value in _column(bytes(window[: len(window) & ~3]), image, 0, 1):
            last += 1
            if value & 1:
                return last, True
    raise ElfError("GNU hash chain has no end")
