"""Memory that members have one after the other: to take it anew from the system costs a third of inflating into it."""

from bisect import insort
from operator import attrgetter

from musl_audit.wheel.chunks import blank


class Extent:
    """Where a member lies, and how much of it is there; in bytes."""

    __slots__ = ("end", "filled", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.filled = 0

    @property
    def size(self) -> int:
        """How much there is place for."""
        return self.end - self.start


class Room:
    """Extents of altogether *size* bytes; whoever shares it between threads sees to it that one at a time asks."""

    def __init__(self, size: int) -> None:
        self._memory = blank(size)
        self._size = size
        self._taken: list[Extent] = []  # in their order

    @property
    def largest_gap(self) -> int:
        """The size of the largest place that is free."""
        return max(end - start for start, end in self._gaps())

    def take(self, size: int) -> Extent:
        """Return a place of *size* bytes; there has to be a gap for it."""
        place = Extent(start := self._start_of(size), start + size)
        self._hold(place)
        return place

    def leave(self, place: Extent) -> None:
        """Let others have *place*."""
        if place.size:
            self._taken.remove(place)

    def enlarge(self, place: Extent, size: int) -> bool:
        """Make *place* one of *size* bytes, wherever it is then; False where there is no such gap."""
        self.leave(place)
        start = self._start_of(size)
        if start >= 0:
            kept = self._memory[place.start : place.start + place.filled]
            self._memory[start : start + place.filled] = kept
            place.start, place.end = start, start + size
        self._hold(place)
        return start >= 0

    def add(self, place: Extent, piece: bytes) -> None:
        """Put *piece* behind what is in *place* already."""
        start = place.start + place.filled
        self._memory[start : start + len(piece)] = piece
        place.filled += len(piece)

    def bytes_of(self, place: Extent) -> memoryview:
        """Return what is in *place*."""
        return self._memory[place.start : place.start + place.filled]

    def _hold(self, place: Extent) -> None:
        if place.size:  # one for nothing is in nobody's way
            insort(self._taken, place, key=attrgetter("start"))

    def _start_of(self, size: int) -> int:
        """Return where the first gap of *size* bytes begins, -1 without one."""
        return next((start for start, end in self._gaps() if end - start >= size), -1)

    def _gaps(self) -> list[tuple[int, int]]:
        edges = [0, *(edge for place in self._taken for edge in (place.start, place.end)), self._size]
        return list(zip(edges[::2], edges[1::2], strict=True))
