"""Names looked up in the hash tables of a file, word by word as musl does (``gnu_lookup``, ``sysv_lookup``)."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from musl_audit.elf.gnu_hash import LONGEST_CHAIN, GnuHashTable, gnu_hash
from musl_audit.elf.machines import EM_S390
from musl_audit.elf.strings import StringTable
from musl_audit.elf.view import DT_GNU_HASH, DT_HASH, DT_SYMTAB, ElfView
from musl_audit.errors import ElfError

OUTSIDE = (struct.error, IndexError)  # what is raised where a table is left
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
        self._formats, order = image.formats, image.formats.order
        self._half = struct.Struct(f"{order}I")
        is_wide = image.identity.machine == EM_S390 and image.identity.bits == 64
        self._sysv_word = struct.Struct(f"{order}Q") if is_wide else self._half
        self._views: dict[int, memoryview] = {}
        self._goes_on = False  # behind the tables
        self._gnu_table: GnuHashTable | None = None

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
        except OUTSIDE:
            if self._goes_on:
                raise ElfError("a symbol hash table runs past the end of its segment") from None
        self._goes_on, self._gnu_table = True, None
        self._views.clear()
        return self.finds(name)

    def matches(self, name: str) -> Iterator[int]:
        """Yield the symbols of this name as the loader comes to them; one of ``OUTSIDE`` where it leaves the tables."""
        if self._gnu is not None:
            return self._matches_gnu(name, self._gnu)
        if self._sysv is not None:
            return self._matches_sysv(name, self._sysv)
        raise ElfError("no symbol hash table")

    def keep(self) -> None:
        """Copy the hash table, if it was looked into: it is all that ``matches`` needs of the image in a sound file."""
        if self._gnu_table is not None:
            self._gnu_table.keep()
        self._views = {at: memoryview(bytes(view)) for at, view in self._views.items() if at == self._sysv}
        self._window, self._rest = _gone, _gone

    def _matches_gnu(self, name: str, address: int) -> Iterator[int]:
        if self._gnu_table is None:
            self._gnu_table = GnuHashTable(partial(self._bytes, address), self._count, self._formats)
        return filter(lambda index: self._is(index, name), self._gnu_table.candidates(gnu_hash(name)))

    def _matches_sysv(self, name: str, address: int) -> Iterator[int]:
        read, size = self._sysv_word.unpack_from, self._sysv_word.size
        if address not in self._views:
            header = self._window(address, 2 * size)
            self._view(address, size * (2 + sum(read(header, at)[0] for at in (0, size))))
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
            self._views[address] = self._bytes(address, size)
        return self._views[address]

    def _bytes(self, address: int, size: int) -> memoryview:
        return self._rest(address) if self._goes_on else self._window(address, size)


def _gone(*_: int) -> memoryview:
    raise ElfError("more than the hash table was asked for, and the image was let go")


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
