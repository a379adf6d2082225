"""
Members that threads inflate before they are asked for: both compression libraries let go of the interpreter's lock.

Two threads take the members in the order in which they will be asked for. What they have ready and nobody took is
bounded in bytes: together with any member that is taken before, not much more than the largest. Who is ahead of the
member that is wanted now waits at the bound.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from threading import Condition, Thread, current_thread, main_thread

from musl_audit.adapters.archive.inflate import InflateError
from musl_audit.frozen import frozen

INFLATERS = 2
WORTH = 64 << 20  # plain bytes, all together, below which threads take more work than anybody notices the time
_MOST = 4 << 20  # plain bytes that are ready and that nobody took, beyond what the largest member alone would take
_CHUNK = 1 << 20

Inflate = Callable[[Callable[[], None]], Iterator[bytes]]  # told whom to call for a tail, yields the pieces of a member


def has_cores() -> bool:
    """Whether threads help: in a process that has the machine for itself, with more than one core, outside threads."""
    from multiprocessing import parent_process

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores > 1 and hasattr(os, "pread") and parent_process() is None and current_thread() is main_thread()


@frozen
class Ahead:
    """A member that is wanted: what inflates it, and how many bytes it has."""

    inflate: Inflate
    size: int


class _Ready:
    """The pieces of one member that nobody took yet."""

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self.is_whole = False
        self.has_tail = False
        self.error: InflateError | None = None

    def note_tail(self) -> None:
        """Remember that bytes follow the end of the compressed data."""
        self.has_tail = True


class ReadAhead:
    """The pieces of each of *members*, by number, ascending; *size* bytes of *descriptor* are hashed beside."""

    def __init__(self, members: Sequence[Ahead], descriptor: int, size: int | None) -> None:
        self._members = members
        self._largest = max((member.size for member in members), default=0)
        self._ready = [_Ready() for _ in members]
        self._changed = Condition()
        self._next = self._wanted = self._held = 0
        self._is_closed = False
        self._digest: str | None = None
        self._hashing = Thread(target=self._hash, args=(descriptor, size or 0), daemon=True)
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(INFLATERS)]
        if size is not None:
            self._threads.insert(0, self._hashing)
        for thread in self._threads:
            thread.start()

    def pieces(self, number: int, on_tail: Callable[[], None]) -> Iterator[bytes]:
        """Yield the pieces of member *number*; raise ``InflateError`` where inflating it did."""
        ready = self._ready[number]
        with self._changed:
            self._wanted = number
            self._changed.notify_all()
        while (piece := self._taken(ready)) is not None:
            yield piece
        if ready.error is not None:
            try:
                raise ready.error
            finally:
                ready.error = None  # or it, its traceback and this frame would hold each other, and a member's bytes
        if ready.has_tail:
            on_tail()

    def sha256(self) -> str | None:
        """Return the digest of the whole file, None where it is not taken here."""
        if self._hashing in self._threads:
            self._hashing.join()
        return self._digest

    def close(self) -> None:
        """End the threads, whatever they are doing."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    # --- Threads ----------------------------------------------------------------------------------------------

    def _taken(self, ready: _Ready) -> bytes | None:
        with self._changed:
            while not ready.pieces and not ready.is_whole:
                self._changed.wait()
            if not ready.pieces:
                return None
            piece = ready.pieces.popleft()
            self._held -= len(piece)
            self._changed.notify_all()
            return piece

    def _work(self) -> None:
        while (number := self._begun()) is not None:
            ready = self._ready[number]
            try:
                for piece in self._members[number].inflate(ready.note_tail):
                    if not self._put(number, piece):
                        return
            except InflateError as error:
                # Its traceback would keep the frames, and with them megabytes for each damaged member.
                ready.error = error.with_traceback(None)
                ready.error.__context__ = ready.error.__cause__ = None
            finally:
                with self._changed:
                    ready.is_whole = True
                    self._changed.notify_all()

    def _begun(self) -> int | None:
        with self._changed:
            if self._is_closed or self._next == len(self._members):
                return None
            self._next += 1
            return self._next - 1

    def _put(self, number: int, piece: bytes) -> bool:
        """Offer *piece* where there is room for it; return whether somebody may still want it."""
        ready = self._ready[number]
        with self._changed:
            while not self._is_closed and number >= self._wanted and self._is_full(ready, number):
                self._changed.wait()
            if self._is_closed or number < self._wanted:  # who asked had enough of it
                return not self._is_closed
            ready.pieces.append(piece)
            self._held += len(piece)
            self._changed.notify_all()
            return True

    def _is_full(self, ready: _Ready, number: int) -> bool:
        """Whether a piece must wait; a piece of the member that is wanted waits for no other member."""
        before = max((member.size for member in self._members[self._wanted : number]), default=self._largest)
        is_full = self._held >= _MOST + self._largest - before
        return is_full and (number != self._wanted or len(ready.pieces) > 1)

    def _hash(self, descriptor: int, size: int) -> None:
        digest, offset = sha256(), 0
        while offset < size and not self._is_closed:
            chunk = os.pread(descriptor, min(_CHUNK, size - offset), offset)
            if not chunk:
                break
            digest.update(chunk)
            offset += len(chunk)
        self._digest = digest.hexdigest()
