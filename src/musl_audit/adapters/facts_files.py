"""Files of facts, a wheel a line: plain or compressed with gzip, told by their first bytes; ``-`` is stdin."""

import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO

from musl_audit.errors import UsageError, WheelError

LONGEST_LINE = 1 << 28  # bytes: a hundred times what the largest wheel known takes
_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 22  # bytes: a line of facts has a 16th of that, and is put together out of as few pieces
_PIECE = 1 << 16  # bytes: of what follows a line that is read to its end


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


def size_of(file: str) -> int | None:
    """Return how many bytes *file* has, None where no other process can read a part of it: a pipe, compressed data."""
    try:
        with Path(file).open("rb") as stream:
            status = os.fstat(stream.fileno())
            return status.st_size if stat.S_ISREG(status.st_mode) and stream.read(2) != _GZIP else None
    except OSError:
        return None


def lines_between(file: str, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    """
    Yield the lines of *file*, blank ones too, that begin between two offsets, with their own.

    Raise ``WheelError`` where it cannot be read any more, and for a line that is too long.
    """
    with _reopened(file) as stream:
        offset = stream.seek(max(0, begin - 1))
        data = stream.read(end - offset)
        at = data.find(b"\n") + 1 if begin else 0  # behind the end of a line that began earlier
        if begin and not at:
            return
        while at < len(data):
            stop = data.find(b"\n", at) + 1
            line = data[at:stop] if stop else data[at:] + _rest_of_line(stream)
            if len(line) > LONGEST_LINE:
                raise WheelError(_too_long(LineNumbers(file).at(offset + at)))
            yield offset + at, line
            at = stop or len(data)


class LineNumbers:
    """Which lines begin where; what was counted is not counted again where offsets are asked for as they come."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._counted = self._lines = 0  # the bytes that were looked at, and the lines that end in them

    def at(self, offset: int) -> int:
        """
        Return the number of the first line that begins at *offset* or behind, in bytes.

        Raise ``WheelError`` where the file cannot be read any more.
        """
        end = offset - 1  # where the line before it ends, at the earliest
        if end < self._counted:
            self._counted = self._lines = 0
        with _reopened(self._file) as stream:
            stream.seek(self._counted)
            while data := stream.read(max(0, min(_BUFFER, end - self._counted))):
                self._counted += len(data)
                self._lines += data.count(b"\n")
        return self._lines + (2 if offset else 1)


def _rest_of_line(stream: FileIO) -> bytes:
    """Return what follows in *stream* up to the end of the line, or a little more than the longest line."""
    pieces: list[bytes] = []
    size = stop = 0
    while not stop and size <= LONGEST_LINE and (piece := stream.read(_PIECE)):
        stop = piece.find(b"\n") + 1
        pieces.append(piece[:stop] if stop else piece)
        size += len(piece)
    return b"".join(pieces)


@contextmanager
def _reopened(file: str) -> Iterator[FileIO]:
    try:
        with Path(file).open("rb", buffering=0) as stream:
            yield stream
    except OSError as error:
        raise WheelError(f"cannot be read any more: {error.strerror or error}") from error


@contextmanager
def _opened(file: str) -> Iterator[FileIO]:
    try:
        with Path(file).open("rb", buffering=0) as stream:
            yield stream
    except OSError as error:
        raise UsageError(f"--from-facts {file}: {error.strerror or error}") from error


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each line that is not blank."""
    stream = BufferedReader(file, _BUFFER)  # type: ignore[type-var]  # what is read here is never written
    plain = GzipFile(fileobj=stream) if stream.peek(2)[:2] == _GZIP else stream
    number = 0
    try:
        while line := _line(plain.readline):
            number += 1
            if len(line) > LONGEST_LINE:
                raise WheelError(_too_long(number))
            if not line.isspace():
                yield number, line
    finally:
        stream.detach()  # who opened the file closes it


def _too_long(number: int) -> str:
    return f"line {number} is longer than {LONGEST_LINE} bytes"


def _line(readline: Callable[[int], bytes]) -> bytes:
    try:
        return readline(LONGEST_LINE + 1)
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise WheelError(f"it is not compressed as gzip files are: {error}") from error
