"""
What lies where in memory once musl has mapped a file: which bytes, with which permission.

One mapping spans all load segments, with the flags of the lowest one; each other segment is mapped over it at its own
pages, in the order of the headers. Order, overlap, alignment, and whether offset and address agree, are not looked at:
a later segment covers what an earlier one put on the same page (``map_library`` in musl's ``ldso/dynlink.c``).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter

from musl_audit.errors import ElfError
from musl_audit.frozen import frozen

TYPE_CHECKING = False  # as typing has it
if TYPE_CHECKING:
    from musl_audit.elf.view import SegmentView

PF_X, PF_W, PF_R = 1, 2, 4
PAGE_SIZE = 4096  # the smallest of the architectures, so the one on which a segment is refused most often
MOST_LOADS = 256  # real files have at most a dozen; to lay each over all others must not take quadratic time
ADDRESS_SPACE = {32: 1 << 32, 64: 1 << 47}  # bytes that a process may have, by class
MOST_WRITABLE = 1 << 36  # bytes of its own for which a kernel finds no room; it depends on the machine
ANY_ACCESS = PF_R | PF_W | PF_X


@frozen
class Piece:
    """A stretch of memory of one origin: *offset* in the file, None for zeros."""

    start: int
    end: int
    flags: int
    offset: int | None

    def cut(self, start: int, end: int) -> "Piece":
        """Return what of the piece lies in between."""
        if start <= self.start and self.end <= end:
            return self
        first, last = max(self.start, start), min(self.end, end)
        return Piece(first, last, self.flags, None if self.offset is None else self.offset + first - self.start)


class Memory:
    """
    The pages of one file, as pieces sorted by address; what a segment maps behind the file's end is in none of them.

    ``start`` and ``end`` bound the whole mapping; raises ``ElfError`` where the loader or the kernel would refuse it.
    """

    __slots__ = ("_file_size", "_pieces", "_reached", "_starts", "_whole", "end", "start")

    def __init__(self, loads: "Sequence[SegmentView]", file_size: int, bits: int) -> None:
        if len(loads) > MOST_LOADS:
            raise ElfError(f"{len(loads)} load segments")
        if not loads:
            raise ElfError("no load segment")
        space = ADDRESS_SPACE[bits]
        lowest = min(loads, key=attrgetter("address"))
        self._file_size = file_size
        self._pieces: list[Piece] = []
        self.start = page_of(lowest.address)
        self.end = page_above(max([load.address + load.memory_size for load in loads])) + page_of(lowest.offset)
        if self.end - self.start > space or self.start >= self.end:
            raise ElfError(f"load segments from {self.start:#x} to {self.end:#x}, more than a process may have")
        self._whole = Piece(self.start, self.end, lowest.flags, page_of(lowest.offset))
        self._reached = self.start  # how far pieces were laid
        for load in loads:
            self._map(load)
        self._fill(self.end)
        written = sum([piece.end - piece.start for piece in self._pieces if piece.flags & PF_W])
        if written > MOST_WRITABLE:
            raise ElfError(f"load segments of {written} writable bytes, more than a process may have")
        self._starts = [piece.start for piece in self._pieces]

    def _map(self, load: "SegmentView") -> None:
        first, last = page_of(load.address), page_above(load.address + load.memory_size)
        if first != self.start and last > first:
            self._lay(Piece(first, last, load.flags, page_of(load.offset)))
        if load.memory_size <= load.file_size or not load.flags & PF_W:
            return
        self._fill(last)
        end = load.address + load.file_size
        above = page_above(end)
        if end % PAGE_SIZE:
            page = next((piece for piece in self._pieces if piece.start <= end < piece.end), None)
            if page is None or not page.flags & PF_W:
                raise ElfError(f"the rest of the page at {end:#x} cannot be cleared: it is not mapped for writing")
            self._lay(Piece(end, above, page.flags, None))
        if above < last:
            self._lay(Piece(above, last, load.flags, None))

    def _fill(self, end: int) -> None:
        """See that what the whole mapping has is there up to *end*."""
        if self._reached < end:
            self._pieces += self._backed(self._whole.cut(self._reached, end))
            self._reached = end

    def _lay(self, new: Piece) -> None:
        """Put *new* over what is there, or behind it: segments are mostly sorted by address."""
        pieces, laid = self._pieces, self._backed(new)
        if new.start >= self._reached:
            self._fill(new.start)
            pieces += laid
            self._reached = new.end
            return
        self._fill(new.end)
        last = len(pieces)
        while last and new.end <= pieces[last - 1].start:
            last -= 1
        first = last
        while first and new.start < pieces[first - 1].end:
            first -= 1
        if first < last:
            left, right = pieces[first], pieces[last - 1]
            if left.start < new.start:
                laid.insert(0, Piece(left.start, new.start, left.flags, left.offset))
            if new.end < right.end:
                offset = None if right.offset is None else right.offset + new.end - right.start
                laid.append(Piece(new.end, right.end, right.flags, offset))
        pieces[first:last] = laid

    def _backed(self, piece: Piece) -> list[Piece]:
        """Return what of *piece* the file has bytes for, with zeros to the end of the page of its last byte."""
        if piece.offset is None or piece.offset + piece.end - piece.start <= self._file_size:
            return [piece]
        file_end = piece.start + self._file_size - piece.offset
        found = [piece.cut(piece.start, file_end)] if file_end > piece.start else []
        zeros = Piece(file_end, page_above(file_end), piece.flags, None).cut(piece.start, piece.end)
        return [*found, zeros] if zeros.start < zeros.end else found

    def piece_at(self, address: int) -> Piece | None:
        """Return the piece that holds *address*; None where nothing is mapped, or nothing of the file."""
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._pieces[index].end:
            return None
        return self._pieces[index]

    def run(self, address: int, wanted: int = ANY_ACCESS) -> Iterator[Piece]:
        """Yield what lies from *address* on without a gap, as long as it has any of the permissions *wanted*."""
        while (piece := self.piece_at(address)) and piece.flags & wanted:
            yield piece.cut(address, piece.end)
            address = piece.end

    def allows(self, address: int, size: int, wanted: int) -> bool:
        """Whether all *size* bytes at *address* are mapped with any of the permissions *wanted*."""
        reached = address
        while reached < address + size:
            piece = self.piece_at(reached)
            if piece is None or not piece.flags & wanted:
                return False
            reached = piece.end
        return size > 0

    def protect(self, start: int, end: int, flags: int) -> None:
        """Give the pages from *start* to *end* other permissions."""
        changed = []
        for piece in self._pieces:
            if piece.end <= start or end <= piece.start:
                changed.append(piece)
                continue
            inner = piece.cut(start, end)
            changed += [piece.cut(piece.start, start)] if piece.start < start else []
            changed.append(Piece(inner.start, inner.end, flags, inner.offset))
            changed += [piece.cut(end, piece.end)] if end < piece.end else []
        self._pieces = changed
        self._starts = [piece.start for piece in changed]


def page_of(address: int) -> int:
    """Return where the page of *address* begins."""
    return address & -PAGE_SIZE


def page_above(address: int) -> int:
    """Return the lowest beginning of a page that is not below *address*."""
    return (address + PAGE_SIZE - 1) & -PAGE_SIZE
