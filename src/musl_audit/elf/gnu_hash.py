"""``DT_GNU_HASH``: which symbols may have a name, by its hash, as ``gnu_lookup`` in musl's ``ldso/dynlink.c`` goes."""

import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from sys import byteorder

from musl_audit.elf.view import BYTE_ORDER_NAMES, GNU_HASH_HEADER, Formats, in_native_order
from musl_audit.errors import ElfError

LONGEST_CHAIN = 65_536  # symbols; a chain that comes back to itself ends here


class GnuHashTable:
    """
    One table, in words of 32 bits; ``IndexError`` where one is asked for that is not in it.

    *read* gets so many bytes of it; a sound one is as long as *symbol_count* makes it.
    """

    __slots__ = ("_bits", "_bloom_size", "_bucket_count", "_buckets", "_first", "_is_swapped", "_shift", "_words")

    def __init__(self, read: Callable[[int], memoryview], symbol_count: int, formats: Formats) -> None:
        header = struct.unpack_from(f"{formats.order}4I", read(GNU_HASH_HEADER))
        self._bucket_count, self._first, self._bloom_size, shift = header
        self._shift, self._bits = shift & 31, 32 if formats.word == "I" else 64
        self._is_swapped = formats.order == ">" and self._bits == 64  # the upper half of a word comes first
        self._buckets = GNU_HASH_HEADER // 4 + self._bits // 32 * self._bloom_size
        size = 4 * (self._buckets + self._bucket_count + max(symbol_count - self._first, 0))
        self._words = _words(read(size), formats.order)

    def keep(self) -> None:
        """Copy what was read: nothing of it is the file's any more."""
        if isinstance(self._words, memoryview):
            self._words = array("I", bytes(self._words))

    def candidates(self, value: int) -> Iterator[int]:
        """Yield the symbols whose names have the hash *value*, but for its last bit, in the order of their chain."""
        words, bits = self._words, self._bits
        bloom = GNU_HASH_HEADER // 4 + bits // 32 * (value // bits & (self._bloom_size - 1) & 0xFFFFFFFF)
        first, second = value % bits, (value >> self._shift) % bits
        if self._is_swapped:
            first, second = first ^ 32, second ^ 32
        if not (words[bloom + (first >> 5)] >> (first & 31) & words[bloom + (second >> 5)] >> (second & 31) & 1):
            return
        if not self._bucket_count:
            raise ElfError("a hash table of no buckets")
        index = words[self._buckets + value % self._bucket_count]
        if not index:
            return
        chain = self._buckets + self._bucket_count + (index - self._first & 0xFFFFFFFF)
        for step in range(LONGEST_CHAIN):
            found = words[chain + step]
            if found | 1 == value | 1:
                yield index + step
            if found & 1:
                return
        raise ElfError("a hash chain without end")


def _words(table: memoryview, order: str) -> Sequence[int]:
    """Return the words of *table*, without what is left of one at its end."""
    whole = table[: len(table) & ~3]
    if BYTE_ORDER_NAMES[order] == byteorder:
        return whole.cast("I")
    return in_native_order(array("I", bytes(whole)), order)


@lru_cache(maxsize=16384)  # every file is asked for the same two, a C++ library by hundreds for the same names
def gnu_hash(name: str) -> int:
    """
    Return the hash of *name* in ``DT_GNU_HASH``.

    >>> hex(gnu_hash("printf"))
    '0x156b2bb8'
    """
    value = 5381
    for byte in name.encode("utf-8", "surrogateescape"):
        value = value * 33 + byte & 0xFFFFFFFF
    return value
