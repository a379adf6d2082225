"""Deflated bytes to plain ones, no further than was declared."""

import io
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from musl_audit.frozen import frozen
from musl_audit.wheel.ports import Hasher

TYPE_CHECKING = False  # as typing has it: importing typing takes 2 ms
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

CHUNK = 256 * 1024  # of input; large enough for full speed, small enough that memory is the member's alone
_PIECE = 1024 * 1024  # of output


class InflateError(ValueError):
    """The bytes are not what the archive declares; the message says in what they differ."""


class Inflater(Protocol):
    """What ``decompressobj`` returns."""

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed data was seen."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What is left of the input because the output reached its limit."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the compressed data."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return what *data* holds, *max_length* bytes at most."""


@frozen
class Deflate:
    """What reading a zip needs of a compression library."""

    decompressobj: Callable[[int], Inflater]
    crc32: Callable[[bytes, int], int]
    error: type[Exception]


@cache
def deflate() -> Deflate:
    """Return ``zlib_ng`` where it is installed (extra ``fast``): it is much faster; else ``zlib``."""
    try:
        from zlib_ng import zlib_ng
    except ImportError:
        import zlib

        return Deflate(zlib.decompressobj, zlib.crc32, zlib.error)
    return Deflate(zlib_ng.decompressobj, zlib_ng.crc32, zlib_ng.error)  # type: ignore[arg-type]  # typed as an instance


def inflate_head(data: bytes, size: int) -> bytes:
    """Return the first *size* bytes at most that raw deflate *data* holds; raise ``InflateError`` if it is garbage."""
    library = deflate()
    try:
        return library.decompressobj(-15).decompress(data, size)
    except library.error as error:
        raise InflateError("the compressed data is corrupt") from error


def inflate(chunks: Iterable[bytes], on_tail: Callable[[], None] = lambda: None) -> Iterator[bytes]:
    """
    Yield what raw deflate *chunks* hold, 1 MiB at most at a time; raise ``InflateError`` where they are garbage.

    Calls *on_tail* where bytes follow the end of the compressed data.
    """
    library = deflate()
    inflater = library.decompressobj(-15)
    try:
        for chunk in chunks:
            yield inflater.decompress(chunk, _PIECE)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, _PIECE)
        while piece := inflater.decompress(b"", _PIECE):
            yield piece
    except library.error as error:
        raise InflateError("the compressed data is corrupt") from error
    if not inflater.eof:
        raise InflateError("the compressed data ends too early")
    if inflater.unused_data:
        on_tail()


def collect(pieces: Iterable[bytes], *, size: int, crc: int, hasher: Hasher | None = None) -> bytes:
    """Return *pieces* joined; raise ``InflateError`` where ``checked`` does."""
    return joined(checked(pieces, size=size, crc=crc, hasher=hasher), size)


def checked(pieces: Iterable[bytes], *, size: int, crc: int, hasher: Hasher | None = None) -> Iterator[bytes]:
    """
    Yield *pieces*, each given to *hasher* before; raise ``InflateError`` for another size or CRC-32 in the end.

    Stops at the first piece too many.
    """
    crc32 = deflate().crc32
    actual = count = 0
    for piece in pieces:
        count += len(piece)
        if count > size:
            raise InflateError(f"it holds more than the {size} bytes declared")
        actual = crc32(piece, actual)
        if hasher:
            hasher.update(piece)
        yield piece
    if count < size:
        raise InflateError(f"it holds {count} bytes, not the {size} declared")
    if actual != crc:
        raise InflateError(f"its CRC-32 is {actual:08x}, not {crc:08x}")


def joined(pieces: Iterable[bytes], size: int) -> bytes:
    """Return *pieces*, which have *size* bytes: the buffer has its size from the start, so the bytes exist once."""
    buffer = io.BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
        buffer.seek(0)
    for piece in pieces:
        buffer.write(piece)
    return buffer.getvalue()
