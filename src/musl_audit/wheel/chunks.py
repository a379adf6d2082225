"""The bytes of a member in the pieces that they came in: joining them costs a tenth of what inflating them does."""

import mmap
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import accumulate, chain

LARGE = 16 << 20  # bytes; of a larger member the tables alone, joined for a look, would be too much beside it


class Chunks:
    """``elf.view.ByteSource`` over *pieces*, of whatever lengths."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = list(filter(None, pieces))
        self._starts = [0, *accumulate(map(len, self._pieces))]  # and behind them, where the last one ends

    def __len__(self) -> int:
        return self._starts[-1]

    def bytes_at(self, start: int, end: int) -> memoryview:
        """Return the bytes from *start* to *end*, or to the end of the last piece."""
        end = min(end, len(self))
        if start >= end:
            return memoryview(b"")
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1)
        found = b"".join(self._pieces[first:last]) if last - first > 1 else self._pieces[first]
        return memoryview(found)[start - self._starts[first] : end - self._starts[first]]


def blank(size: int) -> memoryview:
    """Return *size* zeros, one at least, to write to; none is in memory before, as all of a bytearray are."""
    if not hasattr(mmap, "MAP_ANONYMOUS"):
        return memoryview(bytearray(size))
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # of a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory)


def gathered(pieces: Iterator[bytes | memoryview], size: int) -> Chunks | memoryview:
    """Return *pieces*, which have *size* bytes, as they are, or of a large member in one: it is in memory once."""
    first = next(pieces, b"")
    if len(first) == size:
        deque(pieces, 0)  # there are no more, but maybe an error
        return memoryview(first)
    if size <= LARGE:
        return Chunks(map(bytes, chain((first,), pieces)))
    whole, at = blank(size), 0
    for piece in chain((first,), pieces):
        whole[at : at + len(piece)] = piece
        at += len(piece)
    return whole


def joined(pieces: Iterable[bytes], size: int) -> bytes:
    """Return *pieces*, which have *size* bytes: the buffer has its size from the start, so the bytes exist once."""
    buffer = BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
        buffer.seek(0)
    for piece in pieces:
        buffer.write(piece)
    return buffer.getvalue()
