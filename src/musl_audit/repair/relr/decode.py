"""Packed relative relocations: the words of a DT_RELR table, and the addresses they stand for."""

import struct
from collections.abc import Iterable

from musl_audit.errors import UnpackError

_WORD_FORMATS = {4: "I", 8: "Q"}


def table_words(table: bytes, *, word_size: int, order: str) -> tuple[int, ...]:
    """Return the words of a packed *table*; *order* is the ``struct`` prefix, ``<`` or ``>``."""
    if len(table) % word_size:
        raise UnpackError(f"the packed table has {len(table)} bytes, not a multiple of {word_size}")
    return struct.unpack(f"{order}{len(table) // word_size}{_WORD_FORMATS[word_size]}", table)


def count_addresses(words: Iterable[int]) -> int:
    """Return how many addresses *words* stand for, without building them: a table can claim 63 for each 8 bytes."""
    return sum(word.bit_count() - 1 if word & 1 else 1 for word in words)


def unpack_addresses(words: Iterable[int], *, word_size: int) -> list[int]:
    """
    Return the addresses that the *words* of a packed table stand for, in the order of the table.

    An even word is an address. An odd word is a bitmap: bit ``k + 1`` stands for the ``k``-th word after the last
    address or bitmap (generic ABI, "Relative Relocation Table").

    >>> [hex(address) for address in unpack_addresses([0x1000, 0b1011], word_size=8)]
    ['0x1000', '0x1008', '0x1018']
    """
    addresses: list[int] = []
    span = (8 * word_size - 1) * word_size
    following: int | None = None
    for word in words:
        if not word & 1:
            addresses.append(word)
            following = word + word_size
            continue
        if following is None:
            raise UnpackError("the packed table begins with a bitmap")
        addresses += _bitmap_addresses(word >> 1, following, word_size)
        following += span
    return addresses


def _bitmap_addresses(bits: int, start: int, word_size: int) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield start + (lowest.bit_length() - 1) * word_size
        bits ^= lowest
