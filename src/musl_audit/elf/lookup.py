"""Names looked up in the hash tables of a file, word by word as musl does (``gnu_lookup``, ``sysv_lookup``)."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from musl_audit.elf.machines import EM_S390
from musl_audit.elf.strings import StringTable
from musl_audit.elf.view import DT_GNU_HASH, DT_HASH, DT_SYMTAB, GNU_HASH_HEADER, ElfView
from musl_audit.errors import ElfError

LONGEST_CHAIN = 65_536  # symbols; a chain that comes back to itself ends here
# Characters that are hashed for one file, half a millisecond. An extension module refers to a handful of its own
# symbols; of the thousands in a C++ library the first ones are looked up.
BUDGET = 2_000


class Lookup:
    """
    Finds symbols by name in one file; raises ``ElfError`` where the loader would read what is not mapped.

    In a sound file no more is looked at than the tables of as many symbols as have *names*: where each begins.
    """

    def __init__(self, image: ElfView, dynamic: dict[int, int], strings: StringTable, names: Sequence[int]) -> None:
        self._window: Callable[[int, int], memoryview] = image.window
        self._rest: Callable[[int], memoryview] = image.rest
        self._strings, self._names, self._count = strings, names, len(names)
        self._symbols, self._symbol = dynamic.get(DT_SYMTAB, 0), image.formats.symbol
        self._gnu, self._sysv = dynamic.get(DT_GNU_HASH), dynamic.get(DT_HASH)
        self._order = order = image.formats.order
        self._half, self._word = struct.Struct(f"{order}I"), struct.Struct(order + image.formats.word)
        is_wide = image.identity.machine == EM_S390 and image.identity.bits == 64
        self._sysv_word = self._word if is_wide else self._half
        self._views: dict[int, memoryview] = {}
        self._goes_on = False  # behind the tables
        self._shape: tuple[int, int, int, int] | None = None  # of DT_GNU_HASH: buckets, first symbol, bloom, shift

    def missing(self, names: Iterable[str]) -> Iterator[str]:
        """Yield those of *names* that the table does not lead to, as far as the budget goes."""
        budget = BUDGET
        for name in names:
            budget -= len(name)
            if budget < 0:
                return
            if not self.finds(name):
                yield name

    def finds(self, name: str) -> bool:
        """Whether the loader comes to a symbol of this name, whatever it makes of it."""
        try:
            return next(self.matches(name), None) is not None
        except struct.error:
            if self._goes_on:
                raise ElfError("a symbol hash table runs past the end of its segment") from None
        self._goes_on = True
        self._views.clear()
        return self.finds(name)

    def matches(self, name: str) -> Iterator[int]:
        """Yield the symbols of this name as the loader comes to them; ``struct.error`` where it leaves the tables."""
        if self._gnu is not None:
            return self._matches_gnu(name, self._gnu)
        if self._sysv is not None:
            return self._matches_sysv(name, self._sysv)
        raise ElfError("no symbol hash table")

    def keep(self) -> None:
        """Copy the hash table, if it was looked into: it is all that ``matches`` needs of the image in a sound file."""
        address = self._sysv if self._gnu is None else self._gnu
        self._views = {at: memoryview(bytes(view)) for at, view in self._views.items() if at == address}
        self._window, self._rest = _gone, _gone

    def _matches_gnu(self, name: str, address: int) -> Iterator[int]:
        if self._shape is None:
            self._shape = struct.unpack_from(f"{self._order}4I", self._window(address, GNU_HASH_HEADER))
        bucket_count, first, bloom_size, shift = self._shape
        read, size = self._half.unpack_from, self._word.size
        table = self._view(
            address, GNU_HASH_HEADER + size * bloom_size + 4 * (bucket_count + max(self._count - first, 0))
        )
        value = gnu_hash(name)
        bits = size * 8
        (bloom,) = self._word.unpack_from(table, 16 + size * (value // bits & (bloom_size - 1) & 0xFFFFFFFF))
        if not (bloom >> value % bits & 1 and bloom >> (value >> (shift & 31)) % bits & 1):
            return
        if not bucket_count:
            raise ElfError("a hash table of no buckets")
        buckets = 16 + size * bloom_size
        (index,) = read(table, buckets + 4 * (value % bucket_count))
        if not index:
            return
        chain = buckets + 4 * bucket_count + 4 * (index - first & 0xFFFFFFFF)
        for step in range(LONGEST_CHAIN):
            (found,) = read(table, chain + 4 * step)
            if found | 1 == value | 1 and self._is(index + step, name):
                yield index + step
            if found & 1:
                return
        raise ElfError("a hash chain without end")

    def _matches_sysv(self, name: str, address: int) -> Iterator[int]:
        read, size = self._sysv_word.unpack_from, self._sysv_word.size
        if address not in self._views:
            counts = struct.unpack_from(f"{self._order}2{self._sysv_word.format[1:]}", self._window(address, 2 * size))
            self._view(address, size * (2 + sum(counts)))
        table = self._views[address]
        (bucket_count,) = read(table, 0)
        if not bucket_count:
            raise ElfError("a hash table of no buckets")
        (index,) = read(table, size * (2 + sysv_hash(name) % bucket_count))
        for _ in range(LONGEST_CHAIN):
            if not index:
                return
            if self._is(index, name):
                yield index
            (index,) = read(table, size * (2 + bucket_count + index))
        raise ElfError("a hash chain without end")

    def _is(self, index: int, name: str) -> bool:
        if index < self._count:
            return self._strings.has_name(self._names[index], name)
        table = self._view(self._symbols, self._count * self._symbol.size)
        (offset,) = self._half.unpack_from(table, index * self._symbol.size)
        return self._strings.has_name(offset, name)

    def _view(self, address: int, size: int) -> memoryview:
        """Return the table at *address*, which has *size* bytes in a sound file."""
        if address not in self._views:
            self._views[address] = self._rest(address) if self._goes_on else self._window(address, size)
        return self._views[address]


def _gone(*_: int) -> memoryview:
    raise ElfError("more than the hash table was asked for, and the image was let go")


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


def sysv_hash(name: str) -> int:
    """
    Return the hash of *name* in ``DT_HASH``.

    >>> hex(sysv_hash("printf"))
    '0x77905a6'
    """
    value = 0
    for byte in name.encode("utf-8", "surrogateescape"):
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value
