"""Names out of a string table, each cut out once."""

from collections.abc import Sequence
from itertools import repeat

from musl_audit.elf.view import DT_STRSZ, DT_STRTAB, ElfView
from musl_audit.errors import ElfError

# All names of a real file together are hardly longer than its table; names that share their ends could make them
# quadratic in it, and 1 MB of table 100 GB of names.
BUDGET_FACTOR, BUDGET_FLOOR = 4, 65_536


# A table up to this size is decoded at once. Of a larger one only what is asked for is, until all names are: that is
# after everything else was read, and the bytes of the file need be here no more.
AT_ONCE = 1 << 20
WINDOW = 4096  # bytes of a name that is asked for before
STEP = 64  # names at least that are cut out between two looks at the budget
SEARCHED = 64 << 20  # bytes about that are looked through for their ends meanwhile: a hundredth of a second


class StringTable:
    """
    The dynamic string table of a file, which is empty if there is none.

    Names are bytes: those that are not UTF-8 come out with surrogate escapes. ``DT_STRSZ`` says how much to read at
    first; a name beyond it is read all the same, as the loader ignores that tag.
    """

    __slots__ = ("_budget", "_end", "_image", "_is_ascii", "_names", "_size", "_start", "_text")

    def __init__(self, image: ElfView, dynamic: dict[int, int]) -> None:
        address = dynamic.get(DT_STRTAB)
        self._image: ElfView | None = image
        self._start, self._end = image.file_range(address) if address is not None else (0, 0)
        self._names: dict[int, str] = {}
        self._size = min(dynamic.get(DT_STRSZ, self._end), self._end - self._start)
        self._text, self._is_ascii = "", False
        self._budget = BUDGET_FACTOR * self._size + BUDGET_FLOOR
        if self._size <= AT_ONCE:
            self._read(self._size)

    def _read(self, size: int) -> None:
        # One character for each byte: offsets hold, and slices are strings already.
        self._text = str(self._bytes(0, size), "latin-1")
        self._is_ascii = self._text.isascii()
        self._budget = BUDGET_FACTOR * size + BUDGET_FLOOR

    def _bytes(self, start: int, size: int) -> memoryview:
        """Return *size* bytes of the table, fewer where what is mapped with it ends; none once they were let go."""
        first = self._start + start
        return self._image.bytes_at(first, min(first + size, self._end)) if self._image is not None else memoryview(b"")

    @property
    def _most(self) -> int:
        """How many bytes there are to the end of what is mapped."""
        return self._end - self._start

    def __getitem__(self, offset: int) -> str:
        """Return the name at *offset*; raise ``ElfError`` if it does not end within the segment."""
        name = self._names.get(offset)
        if name is None:
            name = self._names[offset] = self._cut(offset)
        return name

    def _cut(self, offset: int) -> str:
        text, start = self._text, offset
        if not text:
            text, start = str(self._bytes(offset, WINDOW), "latin-1"), 0
        end = text.find("\0", start)
        if end < 0 and len(self._text) < self._most:
            self._read(self._most)
            text, start = self._text, offset
            end = text.find("\0", start)
        if end < 0:
            raise _without_end(offset)
        self._budget -= end - start
        if self._budget < 0:
            raise ElfError("names overlap without end in the string table")
        name = text[start:end]
        return name if self._is_ascii else _decoded(name)

    def has_name(self, offset: int, name: str) -> bool:
        """Whether *name* is the one at *offset*: without cutting it out, where it is plain."""
        if not self._is_ascii or not name.isascii():
            return self[offset] == name
        end = offset + len(name)
        if end >= len(self._text):
            return self[offset] == name
        return self._text.startswith(name, offset) and self._text[end] == "\0"

    def hold(self, offsets: Sequence[int]) -> None:
        """
        See that ``many`` will find the names at *offsets* here, so that the file's own bytes can be let go.

        Raise ``ElfError`` where one has no end.
        """
        if not self._text:
            self._read(self._size)
        highest = max(offsets, default=-1)
        if highest > self._text.rfind("\0"):
            self._read(self._most)
        last = self._text.rfind("\0")
        if highest > last:
            raise _without_end(next(offset for offset in offsets if offset > last))
        self._image, self._end = None, self._start

    def places(self, *words: str, is_whole: bool = False) -> frozenset[int]:
        """Return where *words*, which begin alike, are in the table, as far as it was read; or, if *is_whole*, end."""
        wanted = tuple(word.encode("utf-8", "surrogateescape").decode("latin-1") + "\0" * is_whole for word in words)
        shared = wanted[0]
        while not all(word.startswith(shared) for word in wanted):
            shared = shared[:-1]
        found: list[int] = []
        at = self._text.find(shared)
        while at >= 0:
            if self._text.startswith(wanted, at):
                found.append(at)
            at = self._text.find(shared, at + 1)
        return frozenset(found)

    def many(self, offsets: Sequence[int]) -> list[str]:
        """Return the name at each of *offsets*, which were held; the same as one by one, four times as fast."""
        text, find, budget = self._text, self._text.find, self._budget
        names: list[str] = []
        step = max(STEP, SEARCHED // (len(text) + 1))
        for first in range(0, len(offsets), step):
            part = offsets[first : first + step]
            ends = list(map(find, repeat("\0"), part))
            budget -= sum(ends) - sum(part)
            if budget < 0:
                raise ElfError("names overlap without end in the string table")
            names += [text[offset:end] for offset, end in zip(part, ends, strict=True)]
        return names if self._is_ascii else [_decoded(name) for name in names]


def _without_end(offset: int) -> ElfError:
    return ElfError(f"name at {offset:#x} of the string table has no end")


def _decoded(name: str) -> str:
    return name if name.isascii() else name.encode("latin-1").decode("utf-8", "surrogateescape")
