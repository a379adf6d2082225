"""How far a long run is, for somebody who watches a terminal."""

import sys
from collections.abc import Generator

from musl_audit.model import Outcome

_LONG = 5  # wheels, from which on it is worth a line
_CLEAR = "\r\x1b[K"


def is_watched(total: int, *, is_quiet: bool) -> bool:
    """Whether there is somebody to tell, and enough to tell."""
    return total >= _LONG and not is_quiet and sys.stderr.isatty()


def with_progress(outcomes: Generator[Outcome], total: int) -> Generator[Outcome]:
    """Yield *outcomes*, counting them in a line of stderr that is gone whenever something else is written."""
    _show(f"0/{total} wheels")
    try:
        for done, outcome in enumerate(outcomes, start=1):
            _show(_CLEAR)
            yield outcome
            if done < total:
                _show(f"{done}/{total} wheels")
    finally:
        _show(_CLEAR)


def show_progress(text: str) -> None:
    """Show *text* in the line of progress, or let go of that line where it is empty."""
    _show(f"{_CLEAR}{text}")


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
