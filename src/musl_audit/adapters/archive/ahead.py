"""
Members that threads inflate and check, in an order of their own: both libraries let go of the interpreter's lock.

Two threads inflate, and one checks what they have; a member is handed over once it is whole. The largest begins first,
and beside what is under way only what fits: the members that were begun and are not done with have, together, not much
more bytes than the largest.
"""

import os
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from queue import SimpleQueue
from threading import Condition, Semaphore, Thread, current_thread, main_thread

from musl_audit.adapters.archive.inflate import Check, InflateError
from musl_audit.frozen import frozen
from musl_audit.wheel.chunks import LARGE, Contiguous

INFLATERS = 2
WORTH = 64 << 20  # plain bytes, all together, below which threads take more work than anybody notices the time
_MOST = 4 << 20  # plain bytes of members that are under way, beyond the largest
_UNCHECKED = 3  # pieces that wait for who checks them
_CHUNK = 1 << 18

Inflate = Callable[[Callable[[], None]], Iterator[bytes]]  # told whom to call for a tail, yields the pieces of a member


def has_cores() -> bool:
    """Whether threads help: in a process that has the machine for itself, with more than one core, outside threads."""
    from multiprocessing import parent_process

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores > 1 and hasattr(os, "pread") and parent_process() is None and current_thread() is main_thread()


@frozen
class Ahead:
    """A member that is wanted: what inflates it, what checks it, and how many bytes it has."""

    inflate: Inflate
    check: Check
    size: int


class Inflated:
    """The pieces of one member of *size* bytes, of a large one all in one, and what became of it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._whole: Contiguous | None = None  # of a large one
        self.pieces: deque[bytes | memoryview] = deque()
        self.has_tail = False
        self.error: Exception | None = None

    def keep(self, piece: bytes) -> None:
        """Keep a copy: malloc has an arena for each thread, and what is kept would leave holes in those of two."""
        if self._size <= LARGE:
            self.pieces.append(bytes(memoryview(piece)))
            return
        if self._whole is None:
            self._whole = Contiguous(self._size)
            self.pieces.append(self._whole.view)
        self._whole.add(piece)

    def note_tail(self) -> None:
        """Remember that bytes follow the end of the compressed data."""
        self.has_tail = True

    def fail(self, error: Exception) -> None:
        """Remember *error* alone: its traceback would keep the frames, and with them megabytes for each member."""
        self.error = error.with_traceback(None)
        error.__context__ = error.__cause__ = None

    def taken(self, on_tail: Callable[[], None]) -> Iterator[bytes | memoryview]:
        """Yield the pieces, each of which is gone from here; then raise what inflating or checking them raised."""
        self._whole = None
        while self.pieces:
            yield self.pieces.popleft()
        if self.error is not None:
            try:
                raise self.error
            finally:
                self.error = None  # or it, its traceback and this frame would hold each other
        if self.has_tail:
            on_tail()


class ReadAhead:
    """Each of *members*, by number, as it gets whole; *size* bytes of *descriptor* are hashed beside."""

    def __init__(self, members: Sequence[Ahead], descriptor: int, size: int | None) -> None:
        self._members = members
        self._left = sorted(range(len(members)), key=lambda number: members[number].size, reverse=True)
        self._room = _MOST + max((member.size for member in members), default=0)
        self._inflated = [Inflated(member.size) for member in members]
        self._unchecked: SimpleQueue[tuple[int, bytes | Exception | None] | None] = SimpleQueue()
        self._slots = Semaphore(_UNCHECKED)
        self._whole: SimpleQueue[int] = SimpleQueue()
        self._changed = Condition()
        self._is_closed = False
        self._digest: str | None = None
        self._hashing = Thread(target=self._hash, args=(descriptor, size), daemon=True)
        self._checking = Thread(target=self._check, daemon=True)
        self._inflating = [Thread(target=self._inflate, daemon=True) for _ in range(INFLATERS)]
        for thread in (*self._inflating, self._checking, self._hashing):
            thread.start()

    def __iter__(self) -> Iterator[tuple[int, Inflated]]:
        for _ in self._members:
            number = self._whole.get()
            yield number, self._inflated[number]
            self._inflated[number] = Inflated(0)  # whatever nobody took of it
            with self._changed:
                self._room += self._members[number].size
                self._changed.notify_all()

    def sha256(self) -> str | None:
        """Return the digest of the whole file, None where it is not taken here."""
        self._hashing.join()
        return self._digest

    def close(self) -> None:
        """End the threads, whatever they are doing."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._inflating:
            thread.join()
        self._unchecked.put(None)
        self._checking.join()
        self._hashing.join()

    # --- Threads ----------------------------------------------------------------------------------------------

    def _inflate(self) -> None:
        while (number := self._begun()) is not None:
            member = self._members[number]
            left = member.size
            try:
                for piece in member.inflate(self._inflated[number].note_tail):
                    left -= len(piece)
                    self._slots.acquire()
                    self._unchecked.put((number, piece))
                    if left < 0 or self._is_closed:  # one too many: whoever checks it says so
                        break
            except Exception as error:  # noqa: BLE001  # raised again for whom the member is
                self._unchecked.put((number, error))
            else:
                self._unchecked.put((number, None))

    def _begun(self) -> int | None:
        """Return the largest member that there is room for beside those under way; None when all were begun."""
        with self._changed:
            while self._left and not self._is_closed:
                place = bisect_left(self._left, -self._room, key=lambda number: -self._members[number].size)
                if place < len(self._left):
                    number = self._left.pop(place)
                    self._room -= self._members[number].size
                    return number
                self._changed.wait()
            return None

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
            inflated.keep(piece)

    def _hash(self, descriptor: int, size: int | None) -> None:
        if size is None:
            return
        digest, offset = sha256(), 0
        while offset < size and not self._is_closed:
            chunk = os.pread(descriptor, min(_CHUNK, size - offset), offset)
            if not chunk:
                break
            digest.update(chunk)
            offset += len(chunk)
        self._digest = digest.hexdigest()
