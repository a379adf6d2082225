"""The bytes of a member in the pieces that they came in: joining them costs a tenth of what inflating them does."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import accumulate

_FEW = 8  # pieces that are joined for one look; who looks at more has them all in one from then on


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
        if last - first > _FEW:
            self._pieces, self._starts = [joined(self._given_away(), len(self))], [0, len(self)]
            first, last = 0, 1
        found = b"".join(self._pieces[first:last]) if last - first > 1 else self._pieces[first]
        return memoryview(found)[start - self._starts[first] : end - self._starts[first]]

    def _given_away(self) -> Iterator[bytes]:
        """Yield the pieces, each gone from here: the bytes are hardly ever in memory twice."""
        self._pieces.reverse()
        while self._pieces:
            yield self._pieces.pop()


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
