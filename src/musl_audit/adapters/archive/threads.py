"""Whether threads help to read an archive, and how they share the interpreter."""

import os
import sys
from collections.abc import Sequence
from threading import Lock, current_thread, main_thread

_WORTH = 64 << 20  # plain bytes, all together, below which threads take more work than anybody notices the time
_LARGEST = 1 << 30  # plain bytes of a member: address space for all of it is asked for before it is known to be there
_SHORT_TURN = 0.0005  # seconds


def are_worth_threads(sizes: Sequence[int]) -> bool:
    """Whether members of *sizes* bytes are better read by threads."""
    return sum(sizes) >= _WORTH and max(sizes) <= _LARGEST and has_cores()


def has_cores() -> bool:
    """Whether threads help: in a process that has the machine for itself, with more than one core, outside threads."""
    from multiprocessing import parent_process

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores > 1 and hasattr(os, "pread") and parent_process() is None and current_thread() is main_thread()


class _Turns:
    """
    How long a thread may compute before it lets go of the interpreter's lock for one that waits.

    Those that inflate need it for a moment, and often: what they wait for it, a core waits.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted_by = 0
        self._usual = 0.0

    def shorten(self) -> None:
        """Make turns short until who asked for it, and everybody else who did, has them lengthened again."""
        with self._lock:
            if not self._wanted_by:
                self._usual = sys.getswitchinterval()
                sys.setswitchinterval(min(self._usual, _SHORT_TURN))
            self._wanted_by += 1

    def lengthen(self) -> None:
        """Need short turns no more."""
        with self._lock:
            self._wanted_by -= 1
            if not self._wanted_by:
                sys.setswitchinterval(self._usual)


TURNS = _Turns()
