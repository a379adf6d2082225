"""Where results go: stdout or a file, in a form that the other end can take."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from musl_audit.errors import UsageError
from musl_audit.reporters.base import Paint, plain

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import TextIO

_PLAINER = str.maketrans({"–": "-", "—": "-", "…": "..."})


class Output:
    """A stream to write results to: how wide it is, how to colour text for it, what its encoding can say."""

    def __init__(self, stream: "TextIO", color: str) -> None:
        self.width = terminal_width(stream)
        self.paint = paint_for(stream, color)
        self._stream = stream
        self._encoding = stream.encoding or "ascii"

    def write(self, text: str) -> None:
        """Write *text* at once; where the encoding is no Unicode, typography becomes ASCII, the rest an escape."""
        if not text:
            return
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            text = text.translate(_PLAINER).encode(self._encoding, "backslashreplace").decode(self._encoding)
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def output_to(path: str | None, color: str) -> Iterator[Output]:
    """Yield stdout, or the file at *path*; raise ``UsageError`` before any work where that cannot be written."""
    if path is None:
        yield Output(sys.stdout, color)
        return
    try:
        file = open(path, "w", encoding="utf-8", newline="\n")  # noqa: PTH123, SIM115
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--output {path}: {reason}") from error
    with file:
        yield Output(file, color)


def terminal_width(stream: "TextIO") -> int:
    """Return how many columns *stream* has: ``COLUMNS``, else what its terminal says, else 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):  # no terminal, or no file at all
        return 80


def paint_for(stream: "TextIO", choice: str) -> Paint:
    """
    Return how to colour text for *stream*.

    ``--color`` decides, then ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM=dumb``, then whether *stream* is a terminal.
    """
    if choice == "auto":
        choice = "always" if _wants_colour(stream) else "never"
    if choice == "never":
        return plain
    from rich.color import ColorSystem
    from rich.style import Style

    def paint(text: str, style: str) -> str:
        return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)

    return paint


def _wants_colour(stream: "TextIO") -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
