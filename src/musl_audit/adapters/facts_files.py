"""Files of facts, a wheel a line: plain or compressed with gzip, told by their first bytes; ``-`` is stdin."""

import sys
import zlib
from collections.abc import Callable, Iterator
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from pathlib import Path
from typing import IO

from musl_audit.errors import UsageError, WheelError

LONGEST_LINE = 1 << 28  # bytes: a hundred times what the largest wheel known takes
_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 20  # bytes: a line of facts has a quarter of that, and is put together out of as few pieces


def facts_lines(file: str) -> Iterator[tuple[int, bytes]]:
    """
    Yield the number and the bytes of each line of *file* that is not blank.

    Raise ``UsageError`` where there is no such file, ``WheelError`` for what cannot be read to its end.
    """
    if file == "-":
        yield from _numbered(sys.stdin.buffer)
        return
    try:
        with Path(file).open("rb", buffering=0) as stream:
            yield from _numbered(stream)
    except OSError as error:
        raise UsageError(f"--from-facts {file}: {error.strerror or error}") from error


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    stream = BufferedReader(file, _BUFFER)  # type: ignore[type-var]  # what is read here is never written
    plain = GzipFile(fileobj=stream) if stream.peek(2)[:2] == _GZIP else stream
    number = 0
    while line := _line(plain.readline):
        number += 1
        if len(line) > LONGEST_LINE:
            raise WheelError(f"line {number} is longer than {LONGEST_LINE} bytes")
        if not line.isspace():
            yield number, line


def _line(readline: Callable[[int], bytes]) -> bytes:
    try:
        return readline(LONGEST_LINE + 1)
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise WheelError(f"it is not compressed as gzip files are: {error}") from error
