"""
Members that threads inflate and check, in an order of their own: both libraries let go of the interpreter's lock.

Two threads inflate, and one checks what they have; a member is handed over once it is whole. All share a room that is
hardly larger than the largest: that one begins first, and beside what is under way the largest that fits; where none
does, one begins all the same, and goes on when there is place for the rest of it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from threading import Condition, Semaphore, Thread

from musl_audit.adapters.archive.inflate import PIECE, Check, InflateError
from musl_audit.adapters.archive.room import Extent, Room
from musl_audit.adapters.archive.threads import TURNS
from musl_audit.frozen import frozen

_INFLATERS = 2
_MOST = 8 << 20  # plain bytes of members that are under way, beyond the largest
_UNCHECKED = 6  # pieces that wait for who checks them

Inflate = Callable[[Callable[[], None]], Iterator[bytes]]  # told whom to call for a tail, yields the pieces of a member


@frozen
class Ahead:
    """A member that is wanted: what inflates it, what checks it, and how many bytes it has."""

    inflate: Inflate
    check: Check
    size: int


class Inflated:
    """The bytes of one member, in memory that the next will have, and what became of it."""

    def __init__(self) -> None:
        self.data = memoryview(b"")
        self.has_tail = False
        self.error: Exception | None = None

    def note_tail(self) -> None:
        """Remember that bytes follow the end of the compressed data."""
        self.has_tail = True

    def fail(self, error: Exception) -> None:
        """Remember *error* alone: its traceback would keep the frames, and with them megabytes for each member."""
        self.error = error.with_traceback(None)
        error.__context__ = error.__cause__ = None

    def taken(self, on_tail: Callable[[], None]) -> Iterator[memoryview]:
        """Yield the bytes in one, as far as they came; then raise what inflating or checking them raised."""
        yield self.data
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # or it, its traceback and this frame would hold each other
        if self.has_tail:
            on_tail()


class ReadAhead:
    """
    Each of *members*, by number, as it gets whole.

    Raise ``OSError`` where there is no memory for the largest.
    """

    def __init__(self, members: Sequence[Ahead]) -> None:
        self._members = members
        self._left = sorted(range(len(members)), key=lambda number: members[number].size, reverse=True)
        self._room = Room(_MOST + max((member.size for member in members), default=0))
        self._places: dict[int, Extent] = {}
        self._cramped: int | None = None  # who began where there is no place for all of it
        self._inflated = [Inflated() for _ in members]
        self._unchecked: SimpleQueue[tuple[int, bytes | Exception | None] | None] = SimpleQueue()
        self._slots = Semaphore(_UNCHECKED)
        self._whole: SimpleQueue[int] = SimpleQueue()
        self._changed = Condition()  # whoever holds it may look at the room, and change it
        self._is_closed = False
        self._checking = Thread(target=self._check, daemon=True)
        self._inflating = [Thread(target=self._inflate, daemon=True) for _ in range(_INFLATERS)]
        TURNS.shorten()
        for thread in (*self._inflating, self._checking):
            thread.start()

    def __iter__(self) -> Iterator[tuple[int, Inflated]]:
        for _ in self._members:
            number = self._whole.get()
            inflated = self._inflated[number]
            inflated.data = self._room.bytes_of(self._places[number])
            yield number, inflated
            inflated.data = memoryview(b"")  # what was there is another's now
            self._leave(number)

    def close(self) -> None:
        """End the threads, whatever they are doing."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._inflating:
            thread.join()
        self._unchecked.put(None)
        self._checking.join()
        TURNS.lengthen()

    # --- Threads ----------------------------------------------------------------------------------------------

    def _inflate(self) -> None:
        while (number := self._begun()) is not None:
            member = self._members[number]
            done = 0
            try:
                pieces = member.inflate(self._inflated[number].note_tail)
                while self._may_go_on(number, done) and (piece := next(pieces, None)) is not None:
                    done += len(piece)
                    self._slots.acquire()
                    self._unchecked.put((number, piece))
            except Exception as error:  # noqa: BLE001  # raised again for whom the member is
                self._unchecked.put((number, error))
            else:
                self._unchecked.put((number, None))

    def _begun(self) -> int | None:
        """Return the largest member that there is place for, or the largest of all for a beginning; None at the end."""
        with self._changed:
            while self._left and not self._is_closed:
                gap = self._room.largest_gap
                place = bisect_left(self._left, -gap, key=lambda number: -self._members[number].size)
                if place < len(self._left):
                    number = self._left.pop(place)
                    self._places[number] = self._room.take(self._members[number].size)
                    return number
                if self._cramped is None and gap >= PIECE:
                    number = self._cramped = self._left.pop(0)
                    self._places[number] = self._room.take(gap)
                    return number
                self._changed.wait()
            return None

    def _may_go_on(self, number: int, done: int) -> bool:
        """Wait for place for another piece of a member of which *done* bytes came; False where nobody wants it."""
        size = self._members[number].size
        with self._changed:
            while self._places[number].size < min(size, done + PIECE) and not self._is_closed:
                self._changed.wait()
        return done <= size and not self._is_closed  # one piece too many: whoever checks it says so

    def _leave(self, number: int) -> None:
        """Let others have the place of *number*, first who was begun without enough of it."""
        with self._changed:
            self._room.leave(self._places.pop(number))
            cramped = self._cramped
            if cramped is not None and (
                cramped == number or self._room.enlarge(self._places[cramped], self._members[cramped].size)
            ):
                self._cramped = None
            self._changed.notify_all()

    def _check(self) -> None:
        while (handed := self._unchecked.get()) is not None:
            number, piece = handed
            inflated = self._inflated[number]
            if isinstance(piece, bytes):
                self._take(number, piece)
                del handed, piece  # nobody needs them while this waits
                self._slots.release()
                continue
            if piece is not None and inflated.error is None:
                inflated.fail(piece)
            elif inflated.error is None:
                try:
                    self._members[number].check.finish()
                except InflateError as error:
                    inflated.fail(error)
            self._whole.put(number)

    def _take(self, number: int, piece: bytes) -> None:
        inflated = self._inflated[number]
        if inflated.error is not None:
            return
        try:
            self._members[number].check.take(piece)
        except InflateError as error:
            inflated.fail(error)
        else:
            with self._changed:
                self._room.add(self._places[number], piece)
