"""Files of facts, a wheel a line: plain or compressed with gzip, told by their first bytes; ``-`` is stdin."""

import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO

from musl_audit.errors import UsageError, WheelError
from musl_audit.frozen import frozen

LONGEST_LINE = 1 << 28  # bytes: a hundred times what the largest wheel known takes
_BLANKS = b" \t\n\r\v\f"
_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 22  # bytes: a line of facts has a 16th of that, and is put together out of as few pieces


@frozen
class Span:
    """Where a line lies."""

    number: int  # of the line, from 1 on
    offset: int  # bytes
    size: int  # bytes
    begins_blank: bool = False


def facts_lines(file: str) -> Iterator[tuple[int, bytes]]:
    """
    Yield the number and the bytes of each line of *file* that is not blank.

    Raise ``UsageError`` where there is no such file, ``WheelError`` for what cannot be read to its end.
    """
    if file == "-":
        yield from _numbered(sys.stdin.buffer)
        return
    with _opened(file) as stream:
        yield from _numbered(stream)


def facts_spans(file: str) -> Iterator[Span]:
    """Yield where the lines of *file*, whose ``size_of`` is known, lie; raise as ``facts_lines`` does."""
    with _opened(file) as stream:
        for span in _spans(stream):
            # Hardly any line begins with a blank: of the others nothing has to be looked at.
            if span.size and not (span.begins_blank and lines_at(file, [span])[0][1].isspace()):
                yield span


def size_of(file: str) -> int | None:
    """Return how many bytes *file* has, None where no other process can read a line of it by its place."""
    try:
        with Path(file).open("rb") as stream:
            status = os.fstat(stream.fileno())
            return status.st_size if stat.S_ISREG(status.st_mode) and stream.read(2) != _GZIP else None
    except OSError:
        return None


def lines_at(file: str, spans: Iterable[Span]) -> list[tuple[int, bytes]]:
    """Return the number and the bytes of the lines at *spans*; raise ``WheelError`` where *file* is gone meanwhile."""
    lines = []
    try:
        with Path(file).open("rb", buffering=0) as stream:
            for span in spans:
                stream.seek(span.offset)
                lines.append((span.number, stream.read(span.size)))
    except OSError as error:
        raise WheelError(f"cannot be read any more: {error.strerror or error}") from error
    return lines


@contextmanager
def _opened(file: str) -> Iterator[FileIO]:
    try:
        with Path(file).open("rb", buffering=0) as stream:
            yield stream
    except OSError as error:
        raise UsageError(f"--from-facts {file}: {error.strerror or error}") from error


def _spans(stream: FileIO) -> Iterator[Span]:
    """Yield where each line lies, blank ones too; none is put together, which takes longer than to find its end."""
    buffer = bytearray(_BUFFER)
    number, offset, done, is_blank = 1, 0, 0, False  # of the line; the bytes before those in the buffer
    while count := stream.readinto(buffer):
        begin, end = 0, -1
        while True:
            if offset == done + begin:
                is_blank = begin < count and buffer[begin] in _BLANKS
            end = buffer.find(b"\n", begin, count)
            size = done + (count if end < 0 else end + 1) - offset
            if size > LONGEST_LINE:
                raise WheelError(f"line {number} is longer than {LONGEST_LINE} bytes")
            if end < 0:
                break
            yield Span(number, offset, size, is_blank)
            number, offset, begin = number + 1, offset + size, end + 1
        done += count
    yield Span(number, offset, done - offset, is_blank)


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each line that is not blank."""
    stream = BufferedReader(file, _BUFFER)  # type: ignore[type-var]  # what is read here is never written
    plain = GzipFile(fileobj=stream) if stream.peek(2)[:2] == _GZIP else stream
    number = 0
    try:
        while line := _line(plain.readline):
            number += 1
            if len(line) > LONGEST_LINE:
                raise WheelError(f"line {number} is longer than {LONGEST_LINE} bytes")
            if not line.isspace():
                yield number, line
    finally:
        stream.detach()  # who opened the file closes it


def _line(readline: Callable[[int], bytes]) -> bytes:
    try:
        return readline(LONGEST_LINE + 1)
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise WheelError(f"it is not compressed as gzip files are: {error}") from error
