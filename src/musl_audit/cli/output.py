"""Where results go: stdout or a file, in a form that the other end can take."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from musl_audit.errors import OutputError
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
        if not text.isascii():  # which every encoding has, and JSON is
            try:
                text.encode(self._encoding)
            except UnicodeEncodeError:
                text = text.translate(_PLAINER).encode(self._encoding, "backslashreplace").decode(self._encoding)
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def output_to(path: str | None, color: str, said: str = "") -> Iterator[Output]:
    """
    Yield stdout, or what becomes the file at *path*: whole at the end of a run that completes, else not at all.

    Raise ``OutputError`` where it cannot be written, before any work if that can be told; *said* is what asked for it.
    """
    if path is None:
        yield Output(sys.stdout, color)
        return
    said = f"--output {said or path}"
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):  # a pipe, a device: there is nothing to replace
        with _failing(said):
            stream = open(target, "w", encoding="utf-8", newline="\n")  # noqa: SIM115
        with _closing(stream, said):
            yield FileOutput(stream, color, said)
        return
    part = os.path.join(os.path.dirname(target), f".{os.path.basename(target)[:200]}.{os.getpid()}.part")
    with _failing(said):
        stream = open(part, "w", encoding="utf-8", newline="\n")  # noqa: SIM115
    try:
        with _closing(stream, said):
            yield FileOutput(stream, color, said)
        with _failing(said):
            _keep_mode(part, target)
            os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)


class FileOutput(Output):
    """A file to write results to; errors name it, since stdout may be another."""

    def __init__(self, stream: "TextIO", color: str, said: str) -> None:
        super().__init__(stream, color)
        self._said = said

    def write(self, text: str) -> None:
        """Write *text* at once."""
        with _failing(self._said):
            super().write(text)


@contextmanager
def _failing(said: str) -> Iterator[None]:
    """Turn an error of the file into one that says which option asked for it."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"{said}: {reason}") from error


@contextmanager
def _closing(stream: "TextIO", said: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what went wrong first is what is told
            stream.close()
        raise
    with _failing(said):
        stream.close()


def _keep_mode(part: str, target: str) -> None:
    """Let a report that is written again be readable to those who could read it."""
    with suppress(FileNotFoundError):
        os.chmod(part, os.stat(target).st_mode & 0o777)


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
