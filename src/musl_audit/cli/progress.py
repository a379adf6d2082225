"""How far a run is, for somebody who watches a terminal, as soon as it takes longer than a second."""

import os
import sys
from collections.abc import Generator
from types import TracebackType
from typing import Self

from musl_audit.model import Outcome
from musl_audit.reporters.style import plural

AFTER = 1.0  # seconds; what is done sooner needs no line
_CLEAR = "\r\x1b[K"


class Progress:
    """
    A line of stderr that says what is going on, and is gone whenever something else is written.

    It shows by itself when its time has come, in the midst of a long wheel, too: an alarm of the system says so, where
    there is one. Nothing is shown where stderr is no terminal, or with *is_quiet*.
    """

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_watched = not is_quiet and sys.stderr.isatty() and sys.platform != "win32"
        self._is_due = False
        self._text = ""

    def __enter__(self) -> Self:
        if self._is_watched:
            import signal  # a millisecond, which a pipe does not pay

            try:
                signal.signal(signal.SIGALRM, self._come_due)
            except ValueError:  # not the main thread
                self._is_watched = False
                return self
            signal.setitimer(signal.ITIMER_REAL, AFTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_watched:
            import signal

            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            self.clear()

    def tell(self, text: str) -> None:
        """Say what is going on from now on."""
        self._text = text
        if self._is_due:
            self._show()

    def clear(self) -> None:
        """Make way for what is written next."""
        if self._is_due and self._text:
            _write(_CLEAR)
        self._text = ""

    def _come_due(self, _number: int, _frame: object) -> None:
        self._is_due = True
        if self._text:
            self._show()

    def _show(self) -> None:
        _write(f"{_CLEAR}{self._text}")


def with_progress(outcomes: Generator[Outcome], total: int, *, is_quiet: bool) -> Generator[Outcome]:
    """Yield *outcomes*, counting them out of *total*, or without where that is 0."""
    of_all = f"/{plural(total, 'wheel')}" if total else " wheels"
    with Progress(is_quiet=is_quiet) as progress:
        progress.tell(f"0{of_all}")
        for done, outcome in enumerate(outcomes, start=1):
            progress.clear()
            yield outcome
            progress.tell(f"{done}{of_all}" if done != total else "")


def _write(text: str) -> None:
    """Write at once, past all buffers: an alarm may come while one of them is being filled."""
    os.write(sys.stderr.fileno(), text.encode("utf-8", "replace"))
